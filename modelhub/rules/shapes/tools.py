"""Exports of annotation tools: Label Studio and Argilla.

Both keep the texts in an object of their own. It is read like a file of its own: a pair of
responses, numbered responses or a conversation in it is recognised. What annotators wrote there
comes in as responses of people. Their scores and marked passages come in where it is clear which
response they are of (see `judged`); choices, suggestions and the rest are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.prepare import MOST_COLUMNS
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.base import Inner, Row, RowsOf, Shape, Work, reply
from modelhub.rules.shapes.judged import JUDGED, Answer, judged, rater_of
from modelhub.rules.shapes.values import absent, filled, is_object, objects, parsed, text_of

_NUMBERS = ("rating", "number")
"""Results of Label Studio that are a number."""
_NAMES = ("external_id", "id")
_INSIDE = ("data", "fields")
"""Columns with an object of texts."""
_MARKS = (".responses", ".suggestion", "-suggestion")
"""Parts of the names of a question's columns."""
_NOT_SUBMITTED = ("draft", "discarded", "pending")
"""States of Argilla's responses that annotators have not given, or have taken back."""


def _is_label_studio(columns: frozenset[str], first: Sequence[Row]) -> bool:
    return (
        "data" in columns
        and bool({"annotations", "predictions", "completions"} & columns)
        and any(is_object(row.get("data")) for row in first)
    )


def _label_studio(inner: Inner) -> RowsOf:
    def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
        data = parsed(row.get("data"))
        if not isinstance(data, Mapping):
            raise BadRow(_("data is not an object with the texts of the task."))
        answers: list[Answer] = []
        made = _named(row, inner.rows_of(data, work))
        work.leave("data.", data, inner.reads)
        written = [*_predicted(row, work), *_annotated(row, answers, work)]
        return _with_replies(judged(made, data, answers, work), written)

    return rows_of


def _predicted(row: Row, work: Work) -> list[dict[str, Any]]:
    return [
        reply(text, model=text_of(one.get("model_version")))
        for one in objects(row.get("predictions"))
        for text in _texts(one, work)
    ]


def _annotated(row: Row, answers: list[Answer], work: Work) -> list[dict[str, Any]]:
    """Return the responses that annotators wrote; add what they answered to `answers`."""
    annotations = objects(filled(row, ("annotations", "completions")))
    written = []
    for place, one in enumerate(annotations, 1):
        if one.get("was_cancelled"):
            continue
        by = one.get("completed_by")
        by = by.get("id") if isinstance(by, Mapping) else by
        written += [reply(text, origin="human") for text in _texts(one, None)]
        answers += _results(one, rater_of(by, place, work))
    return written


def _results(one: Mapping[str, Any], rater: int) -> list[Answer]:
    """Return the results of an annotation that are no texts."""
    found = []
    for result in objects(one.get("result")):
        kind, value = result.get("type"), result.get("value")
        if kind == "textarea":
            continue
        value = value if isinstance(value, Mapping) else {}
        labels = next((labels for name, labels in value.items() if name.endswith("labels")), None)
        answer: Any = value.get(str(kind)) if kind in _NUMBERS else None
        if isinstance(labels, list | tuple):
            answer = [{**value, "label": label} for label in labels]
        question, about = text_of(result.get("from_name")), text_of(result.get("to_name"))
        found.append(Answer(question, answer, rater, about))
    return found


def _texts(one: Mapping[str, Any], work: Work | None) -> list[str]:
    """Return the texts of an annotation or prediction; with `work`, other results are counted."""
    texts: list[str] = []
    for result in objects(one.get("result")):
        value = result.get("value")
        if result.get("type") == "textarea" and isinstance(value, Mapping):
            text = value.get("text")
            listed = text if isinstance(text, list | tuple) else [text]
            texts += [said for said in listed if isinstance(said, str) and not absent(said)]
        elif work:
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


def _argilla(inner: Inner) -> RowsOf:
    def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
        fields = parsed(row.get("fields"))
        if nested := isinstance(fields, Mapping):
            answers = _answers(row.get("responses"), work)
        else:
            fields = _fields(row)
            answers = [
                answer
                for name, value in row.items()
                if _is_answer(name, row)
                for answer in _of_one(name, value, row, work)
            ]
        if suggested := _suggested(row):
            work.counts[JUDGED] += suggested
        made = _named(row, inner.rows_of(fields, work))
        read = frozenset() if nested else _NAMES
        work.leave(
            "fields." if nested else "", fields, lambda name: name in read or inner.reads(name)
        )
        return judged(made, fields, answers, work)

    return rows_of


def _suggested(row: Row) -> int:
    """Return the number of suggestions of a record, which models made."""
    given = parsed(row.get("suggestions"))
    listed = given.values() if isinstance(given, Mapping) else objects(given)
    named = [
        value
        for name, value in row.items()
        if name.endswith((".suggestion", "-suggestion")) and not absent(value)
    ]
    return len(named) + sum(not absent(_said(one)) for one in listed)


def _named(row: Row, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the id of the record, if their texts have none."""
    name = filled(row, _NAMES)
    return made if name is None else [{"external_id": name} | one for one in made]


def _answers(value: Any, work: Work) -> list[Answer]:
    """Return the answers of annotators to all questions of a record."""
    value = parsed(value)
    if isinstance(value, Mapping):  # by question
        return [
            answer for name, one in value.items() for answer in _of_one(str(name), one, {}, work)
        ]
    found = []
    for place, one in enumerate(objects(value), 1):  # by annotator
        rater = rater_of(one.get("user_id"), place, work)
        given = one.get("values")
        for name, said in given.items() if isinstance(given, Mapping) else ():
            if one.get("status") in _NOT_SUBMITTED:
                work.counts[JUDGED] += 1
            else:
                found.append(Answer(str(name), _said(said), rater))
    return found


def _of_one(name: str, value: Any, row: Row, work: Work) -> list[Answer]:
    """Return the answers to one question. Columns of the row may name who gave them, and states."""
    value = parsed(value)
    if not isinstance(value, list | tuple):
        return []
    users = _beside(row, f"{name}.users", len(value))
    states = _beside(row, f"{name}.status", len(value))
    question = name.removesuffix(".responses")
    found = []
    for place, one in enumerate(value, 1):
        by, state = users[place - 1], states[place - 1]
        if isinstance(one, Mapping):
            by, state = by or one.get("user_id"), state or one.get("status")
        if state in _NOT_SUBMITTED:
            work.counts[JUDGED] += 1
        else:
            found.append(Answer(question, _said(one), rater_of(by, place, work)))
    return found


def _beside(row: Row, name: str, count: int) -> Sequence[Any]:
    """Return the list of another column if it is as long; else so many None."""
    listed = parsed(row.get(name))
    fits = isinstance(listed, list | tuple) and len(listed) == count
    return listed if fits else [None] * count


def _said(one: Any) -> Any:
    return one.get("value") if isinstance(one, Mapping) else one


def _is_answer(name: str, row: Row) -> bool:
    return name.endswith(".responses") or f"{name}-suggestion" in row


def _of_question(name: str, row: Row) -> bool:
    """Return whether a column is of a question: its answers, users, suggestion or score."""
    return any(mark in name for mark in _MARKS) or f"{name}-suggestion" in row


def nested(inner_of: Callable[[Sequence[Row]], Inner]) -> list[Shape]:
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
            also=lambda _name: True,
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
