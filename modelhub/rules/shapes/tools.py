"""Exports of annotation tools: Label Studio, and Argilla (see `argilla`).

Both keep the texts in an object of their own. It is read like a file of its own: a pair of
responses, numbered responses or a conversation in it is recognised. What annotators wrote there
comes in as responses of people. Their ranks, scores, labels and marked passages come in where it is
clear which response they are of (see `judged`); suggestions and the rest are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.prepare import MOST_COLUMNS
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes import argilla
from modelhub.rules.shapes.base import Inner, Row, RowsOf, Shape, Work, reply, with_id
from modelhub.rules.shapes.judged import (
    JUDGED,
    Answer,
    Chosen,
    Preferred,
    Ranked,
    judged,
    rater_of,
)
from modelhub.rules.shapes.values import absent, filled, is_object, objects, parsed, text_of

_NUMBERS = ("rating", "number")
"""Results of Label Studio that are a number."""
_INSIDE = ("data", "fields")
"""Columns with an object of texts."""


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
        made = with_id(row, inner.rows_of(data, work))
        field, listed = _listed(data) if made and "responses" not in made[-1] else ("", {})
        work.leave("data.", data, lambda name: name == field or inner.reads(name))
        written = [*_predicted(row, work), *_annotated(row, answers, work)]
        made = _with_replies(made, [reply(text) for text in listed.values()])
        names = {name: place for place, name in enumerate(listed)}
        return _with_replies(judged(made, data, answers, work, names), written)

    return rows_of


def _listed(data: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the field with entries to be ranked, and id → text of them; empty without one."""
    for field, value in data.items():
        entries = objects(value)
        texts = {text_of(entry.get("id")): entry.get("body") for entry in entries}
        if entries and all(name and isinstance(body, str) for name, body in texts.items()):
            return field, {name: str(body) for name, body in texts.items()}
    return "", {}


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
        question, about = text_of(result.get("from_name")), text_of(result.get("to_name"))
        if kind == "ranker":
            found += _ranker(value.get("ranker"), question, rater)
        else:
            found.append(Answer(question, _result(kind, value), rater, about))
    return found


def _result(kind: Any, value: Mapping[str, Any]) -> Any:
    """Return what an `Answer` says for one result, or None if it cannot be imported."""
    of_passage = "start" in value
    labels = next((labels for name, labels in value.items() if name.endswith("labels")), None)
    choices = value.get("choices") if kind == "choices" else None
    marks = choices if of_passage and labels is None else labels
    if isinstance(marks, list | tuple):
        return [{**value, "label": label} for label in marks]
    if of_passage:
        return None
    if kind == "pairwise" and (side := value.get("selected")) in ("left", "right"):
        return Preferred(side == "left")
    if isinstance(choices, list | tuple) and all(isinstance(one, str) for one in choices):
        return Chosen(choices)
    return value.get(str(kind)) if kind in _NUMBERS else None


def _ranker(value: Any, question: str, rater: int) -> list[Answer]:
    """Return a ranking, or the buckets into which entries were put; `_` is the list itself.

    A ranking is a list of ids, which newer versions put under the name of the question.
    """
    if isinstance(value, Mapping) and set(value) == {question}:
        value = value[question]
    if isinstance(value, list | tuple):
        ranks = {text_of(name): place for place, name in enumerate(value, 1)}
        return [Answer(question, Ranked(ranks), rater)]
    if not isinstance(value, Mapping):
        return [Answer(question, None, rater)]
    return [
        Answer(question, Chosen([str(bucket)]), rater, text_of(name))
        for bucket, names in value.items()
        if bucket != "_" and isinstance(names, list | tuple)
        for name in names
    ]


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
            argilla.fits,
            unwrap=lambda first: argilla.rows_of(
                inner_of([argilla.fields_of(row) for row in first]), argilla.closed_questions(first)
            ),
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
