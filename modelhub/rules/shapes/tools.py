"""Exports of annotation tools: Label Studio and Argilla.

Both keep the texts in an object of their own. It is read like a file of its own: a pair of
responses, numbered responses or a conversation in it is recognised. What annotators wrote there
comes in as responses of people; scores and choices of annotators are counted, not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.prepare import MOST_COLUMNS
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.base import Row, RowsOf, Shape, Work, reply
from modelhub.rules.shapes.values import absent, filled, is_object, objects, parsed, text_of

JUDGED = "judged_elsewhere"
"""Counts scores, choices and marks of annotators, which are not imported."""
_INSIDE = ("data", "fields")
"""Columns with an object of texts."""
_MARKS = (".responses", ".suggestion", "-suggestion")
"""Parts of the names of a question's columns."""


def _is_label_studio(columns: frozenset[str], first: Sequence[Row]) -> bool:
    return (
        "data" in columns
        and bool({"annotations", "predictions", "completions"} & columns)
        and any(is_object(row.get("data")) for row in first)
    )


def _label_studio(inner: RowsOf) -> RowsOf:
    def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
        data = parsed(row.get("data"))
        if not isinstance(data, Mapping):
            raise BadRow(_("data is not an object with the texts of the task."))
        made = _named(row, inner(data, work))
        written = [*_predicted(row, work), *_annotated(row, work)]
        return _with_replies(made, written)

    return rows_of


def _predicted(row: Row, work: Work) -> list[dict[str, Any]]:
    return [
        reply(text, model=text_of(one.get("model_version")))
        for one in objects(row.get("predictions"))
        for text in _texts(one, work)
    ]


def _annotated(row: Row, work: Work) -> list[dict[str, Any]]:
    annotations = objects(filled(row, ("annotations", "completions")))
    return [
        reply(text, origin="human")
        for one in annotations
        if not one.get("was_cancelled")
        for text in _texts(one, work)
    ]


def _texts(one: Mapping[str, Any], work: Work) -> list[str]:
    """Return the texts of an annotation or prediction; other results are counted."""
    texts: list[str] = []
    for result in objects(one.get("result")):
        value = result.get("value")
        if result.get("type") == "textarea" and isinstance(value, Mapping):
            text = value.get("text")
            listed = text if isinstance(text, list | tuple) else [text]
            texts += [said for said in listed if isinstance(said, str) and not absent(said)]
        else:
            work.counts[JUDGED] += 1
    return texts


def _with_replies(
    made: list[dict[str, Any]], written: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    if not written or not made:
        return made
    row = made[-1]
    responses = row.get("responses", [])
    known = responses if isinstance(responses, list) else [responses]
    return [*made[:-1], {**row, "responses": [*known, *written]}]


def is_argilla(columns: frozenset[str], first: Sequence[Row]) -> bool:
    """Return whether a file is an export of Argilla."""
    nested = "fields" in columns and any(is_object(row.get("fields")) for row in first)
    return nested or any(name.endswith(_MARKS) for name in columns)


def _argilla(inner: RowsOf) -> RowsOf:
    def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
        fields = parsed(row.get("fields"))
        if isinstance(fields, Mapping):
            work.counts[JUDGED] += _answers(row.get("responses"))
            return _named(row, inner(fields, work))
        plain = _fields(row)
        work.counts[JUDGED] += sum(
            _answers(value) for name, value in row.items() if _is_answer(name, row)
        )
        return _named(row, inner(plain, work))

    return rows_of


def _named(row: Row, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the id of the record, if their texts have none."""
    name = filled(row, ("external_id", "id"))
    return made if name is None else [{"external_id": name} | one for one in made]


def _answers(value: Any) -> int:
    """Return the number of answers of annotators in a question's column, or in all questions."""
    value = parsed(value)
    if isinstance(value, Mapping):
        return sum(_answers(one) for one in value.values())
    return len(value) if isinstance(value, list | tuple) else 0


def _is_answer(name: str, row: Row) -> bool:
    return name.endswith(".responses") or f"{name}-suggestion" in row


def _of_question(name: str, row: Row) -> bool:
    """Return whether a column is of a question: its answers, users, suggestion or score."""
    return any(mark in name for mark in _MARKS) or f"{name}-suggestion" in row


def nested(inner_of: Callable[[Sequence[Row]], RowsOf]) -> list[Shape]:
    """Return the shapes of both tools. `inner_of` finds how to read the texts inside of rows."""
    return [
        Shape(
            "label_studio",
            gettext_lazy("Label Studio export"),
            _is_label_studio,
            unwrap=lambda first: _label_studio(inner_of([_data(row) for row in first])),
            used=frozenset({"id", "data", "annotations", "predictions", "completions"}),
        ),
        Shape(
            "argilla",
            gettext_lazy("Argilla export"),
            is_argilla,
            unwrap=lambda first: _argilla(inner_of([_fields(row) for row in first])),
            used=frozenset({"id", "external_id", "fields", "responses", "suggestions"}),
            also=lambda name: not any(mark in name for mark in _MARKS),
        ),
    ]


def inner_names(first: Sequence[Row]) -> list[str]:
    """Return the names of what is inside of rows, such as `data.text`, for a mapping."""
    names = (
        f"{outer}.{name}"
        for row in first
        for outer in _INSIDE
        if isinstance(value := parsed(row.get(outer)), Mapping)
        for name in value
    )
    return list(dict.fromkeys(islice(names, MOST_COLUMNS)))


def outer_name(name: str) -> str:
    """Return the column that contains an inner name."""
    return name.partition(".")[0]


def opened(row: Row, names: Iterable[str]) -> Row:
    """Return a row with values from inside of it, under their inner names."""
    found = {}
    for name in names:
        outer, _dot, inner = name.partition(".")
        value = parsed(row.get(outer))
        if isinstance(value, Mapping) and inner in value:
            found[name] = value[inner]
    return {**row, **found}


def _data(row: Row) -> Row:
    data = parsed(row.get("data"))
    return data if isinstance(data, Mapping) else {}


def _fields(row: Row) -> Row:
    fields = parsed(row.get("fields"))
    if isinstance(fields, Mapping):
        return fields
    return {name: value for name, value in row.items() if not _of_question(name, row)}
