"""Exports of Argilla: records with their fields, and what annotators answered about them.

Three forms are known: the records of version 2, the same with a column for each question (as on
the Hub), and the columns of version 1. None of them says of which kind a question is, so this is
told by its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modelhub.rules.shapes.base import Row, RowsOf, Work, with_id
from modelhub.rules.shapes.judged import (
    RANKS_LOST,
    Answer,
    Chosen,
    Ranked,
    judged,
    plain,
    rater_of,
)
from modelhub.rules.shapes.values import absent, is_object, objects, parsed, text_of

_ANSWERS, _USERS, _STATUS = ".responses", ".responses.users", ".responses.status"
_SUGGESTION = "-suggestion"
_MARKS = (_ANSWERS, ".suggestion", _SUGGESTION)
"""Parts of the names of a question's columns."""
MOST_RANK = 1_000
_NOT_SENT = ("discarded", "draft")
MOST_OPTION, MOST_WORDS = 60, 5
"""Characters and words of an option of a closed question."""
FEW_OPTIONS = 10
"""A closed question has at most so many options, or half as many as answers."""


class _Given(NamedTuple):
    """What one annotator answered to one question."""

    question: str
    place: int
    by: Any
    said: Any


def fits(columns: frozenset[str], first: Sequence[Row]) -> bool:
    """Return whether a file is an export of Argilla."""
    nested = "fields" in columns and any(is_object(row.get("fields")) for row in first)
    return nested or any(name.endswith((_ANSWERS, ".suggestion", _SUGGESTION)) for name in columns)


def reads(name: str) -> bool:
    """Return whether a column is read. Suggestions are not, but tell questions of version 1."""
    answers = name.endswith((_ANSWERS, _USERS, _STATUS, _SUGGESTION))
    return answers or not any(mark in name for mark in _MARKS)


def fields_of(row: Row) -> Row:
    """Return the texts of a record."""
    fields = parsed(row.get("fields"))
    if isinstance(fields, Mapping):
        return fields
    return {name: value for name, value in row.items() if not _of_question(name, row)}


def _of_question(name: str, row: Row) -> bool:
    """Return whether a column is of a question: its answers, users, suggestion or score."""
    return any(mark in name for mark in _MARKS) or f"{name}{_SUGGESTION}" in row


def rows_of(inner: RowsOf, closed: frozenset[str]) -> RowsOf:
    """Return how to read records. `closed` are the questions with options."""

    def read(row: Row, work: Work) -> list[dict[str, Any]]:
        fields = fields_of(row)
        answers = [
            Answer(one.question, value, rater_of(one.by, one.place, work))
            for one in _given(row)
            if (value := _value(one, fields, closed, work)) is not _LOST
        ]
        return judged(with_id(row, inner(fields, work)), fields, answers, work)

    return read


_LOST = object()
"""A ranking whose ranks the file does not have. It is counted."""


def _value(one: _Given, fields: Row, closed: frozenset[str], work: Work) -> Any:
    """Return what an `Answer` says, None if it cannot be imported, or `_LOST`."""
    said = one.said
    if isinstance(said, str):
        return Chosen([said]) if one.question in closed else None
    if isinstance(said, Mapping) and {"value", "rank"} <= said.keys():  # a table has lists
        said = _rows_of_lists(said)
    if not isinstance(said, list | tuple) or not said:
        return said
    if all(isinstance(option, str) for option in said):
        names = {plain(name) for name in fields}
        if all(plain(option) in names for option in said):
            work.counts[RANKS_LOST] += 1
            return _LOST
        return Chosen(said)
    if any(isinstance(option, Mapping) and "rank" in option for option in said):
        return _ranked(said)
    return said


def _rows_of_lists(said: Mapping[str, Any]) -> Any:
    values, ranks = said["value"], said["rank"]
    if not isinstance(values, list | tuple) or not isinstance(ranks, list | tuple):
        return None
    return [{"value": name, "rank": rank} for name, rank in zip(values, ranks, strict=False)]


def _ranked(said: Sequence[Any]) -> Ranked | None:
    """Return a ranking, of which ranks may be equal; None if it is not complete."""
    ranks = {text_of(one.get("value")): one.get("rank") for one in objects(said)}
    whole = {
        name: int(rank)
        for name, rank in ranks.items()
        if isinstance(rank, int | float) and 1 <= rank <= MOST_RANK and rank == int(rank)
    }
    return Ranked(whole) if whole and len(whole) == len(said) else None


def closed_questions(first: Sequence[Row]) -> frozenset[str]:
    """Return the questions whose answers in the first rows look like options, not like free text.

    Free text may be about a person, and comes in nowhere.
    """
    texts: dict[str, list[str]] = {}
    for row in first:
        for one in _given(row):
            if isinstance(one.said, str) and not absent(one.said):
                texts.setdefault(one.question, []).append(one.said)
    return frozenset(name for name, said in texts.items() if _are_options(said))


def _are_options(said: Sequence[str]) -> bool:
    options = set(said)
    if len(options) > max(FEW_OPTIONS, len(said) // 2):
        return False
    return all(
        len(one) <= MOST_OPTION and len(one.split()) <= MOST_WORDS and "\n" not in one
        and not one.rstrip().endswith((".", "!", "?", "…"))
        for one in options
    )  # fmt: skip


def _given(row: Row) -> Iterator[_Given]:
    """Yield what annotators sent, from every form of a record."""
    if isinstance(parsed(row.get("fields")), Mapping):
        yield from _of_record(parsed(row.get("responses")))
        return
    for name, value in row.items():
        if name.endswith(_ANSWERS) or f"{name}{_SUGGESTION}" in row:
            users, status = row.get(f"{name}.users"), row.get(f"{name}.status")
            yield from _of_question_of(name.removesuffix(_ANSWERS), value, users, status)


def _of_record(responses: Any) -> Iterator[_Given]:
    if isinstance(responses, Mapping):  # by question
        for name, value in responses.items():
            yield from _of_question_of(str(name), value, None, None)
        return
    for place, one in enumerate(objects(responses), 1):  # by annotator
        values = one.get("values")
        if one.get("status") not in _NOT_SENT and isinstance(values, Mapping):
            for name, said in values.items():
                yield _Given(str(name), place, one.get("user_id"), _said(said))


def _of_question_of(name: str, value: Any, users: Any, status: Any) -> Iterator[_Given]:
    value = parsed(value)
    if not isinstance(value, list | tuple):
        return
    known, states = _beside(value, users), _beside(value, status)
    for place, one in enumerate(value, 1):
        about = one if isinstance(one, Mapping) else {}
        state = states[place - 1] if states else about.get("status")
        if state not in _NOT_SENT:
            by = known[place - 1] if known else about.get("user_id")
            yield _Given(name, place, by, _said(one))


def _beside(value: Sequence[Any], others: Any) -> Sequence[Any]:
    """Return the values of another column that belong to these, or nothing."""
    others = parsed(others)
    return others if isinstance(others, list | tuple) and len(others) == len(value) else []


def _said(one: Any) -> Any:
    return parsed(one.get("value")) if isinstance(one, Mapping) and "rank" not in one else one
