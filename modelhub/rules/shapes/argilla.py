"""Exports of Argilla: records with their fields, and what annotators answered about them.

Three forms are known: the records of version 2, the same with a column for each question (as on
the Hub), and the columns of version 1. None of them states the kind of a question, so it is
recognised by its answers. Suggestions, which models made, are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modelhub.rules.shapes.base import RECORD_IDS, Inner, Row, RowsOf, Work, with_id
from modelhub.rules.shapes.judged import (
    JUDGED,
    RANKS_LOST,
    Answer,
    Chosen,
    Ranked,
    judged,
    plain,
    rater_of,
)
from modelhub.rules.shapes.values import absent, is_object, objects, parsed, text_of

_ANSWERS, _SUGGESTION = ".responses", "-suggestion"
_SUGGESTIONS = (".suggestion", _SUGGESTION)
_MARKS = (_ANSWERS, *_SUGGESTIONS)
"""Parts of the names of a question's columns."""
MOST_RANK = 1_000
_NOT_SUBMITTED = ("draft", "discarded", "pending")
"""States of responses that annotators have not given, or have taken back."""
MOST_OPTION, MOST_WORDS = 60, 5
"""Characters and words of an option of a closed question."""
FEW_OPTIONS = 10
"""A closed question has at most so many options, or half as many as answers."""


class _Given(NamedTuple):
    """The answer of one annotator to one question."""

    question: str
    place: int
    """Position among the annotators of the record."""
    by: Any
    """Who gave it, if the file says so."""
    answer: Any
    submitted: bool


def fits(columns: frozenset[str], first: Sequence[Row]) -> bool:
    """Return whether a file is an export of Argilla."""
    nested = "fields" in columns and any(is_object(row.get("fields")) for row in first)
    return nested or any(name.endswith(_MARKS) for name in columns)


def fields_of(row: Row) -> Row:
    """Return the texts of a record."""
    fields = parsed(row.get("fields"))
    if isinstance(fields, Mapping):
        return fields
    return {name: value for name, value in row.items() if not _of_question(name, row)}


def _of_question(name: str, row: Row) -> bool:
    """Return whether a column is of a question: its answers, users, suggestion or score."""
    return any(mark in name for mark in _MARKS) or f"{name}{_SUGGESTION}" in row


def rows_of(inner: Inner, closed: frozenset[str]) -> RowsOf:
    """Return a function that converts records. `closed` are the questions with options."""

    def read(row: Row, work: Work) -> list[dict[str, Any]]:
        fields = fields_of(row)
        given = list(_given(row))
        answers = [
            Answer(entry.question, value, rater_of(entry.by, entry.place, work))
            for entry in given
            if entry.submitted and (value := _value(entry, fields, closed, work)) is not _LOST
        ]
        not_imported = _suggested(row) + sum(not entry.submitted for entry in given)
        if not_imported:
            work.counts[JUDGED] += not_imported
        made = with_id(row, inner.rows_of(fields, work))
        if _is_nested(row):
            work.leave("fields.", fields, inner.reads)
        else:
            work.leave("", fields, lambda name: name in RECORD_IDS or inner.reads(name))
        return judged(made, fields, answers, work)

    return read


def _is_nested(row: Row) -> bool:
    return is_object(row.get("fields"))


def _suggested(row: Row) -> int:
    """Return the number of suggestions of a record, which models made."""
    given = parsed(row.get("suggestions"))
    listed = given.values() if isinstance(given, Mapping) else objects(given)
    columns = (value for name, value in row.items() if name.endswith(_SUGGESTIONS))
    return sum(not absent(value) for value in columns) + sum(
        not absent(_answer(entry)) for entry in listed
    )


_LOST = object()
"""A ranking whose ranks the file does not have. It is counted."""


def _value(given: _Given, fields: Row, closed: frozenset[str], work: Work) -> Any:
    """Return the value of an `Answer`, None if it cannot be imported, or `_LOST`."""
    answer = given.answer
    if isinstance(answer, str):
        return Chosen([answer]) if given.question in closed else None
    if isinstance(answer, Mapping) and {"value", "rank"} <= answer.keys():  # a table has lists
        answer = _rows_of_lists(answer)
    if not isinstance(answer, list | tuple) or not answer:
        return answer
    if all(isinstance(option, str) for option in answer):
        names = {plain(name) for name in fields}
        if all(plain(option) in names for option in answer):
            work.counts[RANKS_LOST] += 1
            return _LOST
        return Chosen(answer)
    if any(isinstance(option, Mapping) and "rank" in option for option in answer):
        return _ranked(answer)
    return answer


def _rows_of_lists(answer: Mapping[str, Any]) -> Any:
    values, ranks = answer["value"], answer["rank"]
    if not isinstance(values, list | tuple) or not isinstance(ranks, list | tuple):
        return None
    return [{"value": name, "rank": rank} for name, rank in zip(values, ranks, strict=False)]


def _ranked(options: Sequence[Any]) -> Ranked | None:
    """Return a ranking, of which ranks may be equal; None if it is not complete."""
    ranks = {text_of(option.get("value")): option.get("rank") for option in objects(options)}
    whole = {
        name: int(rank)
        for name, rank in ranks.items()
        if isinstance(rank, int | float) and 1 <= rank <= MOST_RANK and rank == int(rank)
    }
    return Ranked(whole) if whole and len(whole) == len(options) else None


def closed_questions(first: Sequence[Row]) -> frozenset[str]:
    """Return the questions whose answers in the first rows look like options, not like free text.

    Free text may be about a person, and is not imported.
    """
    texts: dict[str, list[str]] = {}
    for row in first:
        for entry in _given(row):
            if entry.submitted and isinstance(entry.answer, str) and not absent(entry.answer):
                texts.setdefault(entry.question, []).append(entry.answer)
    return frozenset(name for name, answers in texts.items() if _are_options(answers))


def _are_options(answers: Sequence[str]) -> bool:
    options = set(answers)
    if len(options) > max(FEW_OPTIONS, len(answers) // 2):
        return False
    return all(
        len(text) <= MOST_OPTION and len(text.split()) <= MOST_WORDS and "\n" not in text
        and not text.rstrip().endswith((".", "!", "?", "…"))
        for text in options
    )  # fmt: skip


def _given(row: Row) -> Iterator[_Given]:
    """Yield the answers of annotators, from every form of a record."""
    if _is_nested(row):
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
    for place, entry in enumerate(objects(responses), 1):  # by annotator
        values, submitted = entry.get("values"), entry.get("status") not in _NOT_SUBMITTED
        if isinstance(values, Mapping):
            for name, answer in values.items():
                yield _Given(str(name), place, entry.get("user_id"), _answer(answer), submitted)


def _of_question_of(name: str, value: Any, users: Any, status: Any) -> Iterator[_Given]:
    value = parsed(value)
    if not isinstance(value, list | tuple):
        return
    users, states = _beside(users, len(value)), _beside(status, len(value))
    for place, entry in enumerate(value, 1):
        by, state = users[place - 1], states[place - 1]
        if isinstance(entry, Mapping):
            by, state = by or entry.get("user_id"), state or entry.get("status")
        yield _Given(name, place, by, _answer(entry), state not in _NOT_SUBMITTED)


def _beside(value: Any, count: int) -> Sequence[Any]:
    """Return the list of another column if it is as long; else so many None."""
    listed = parsed(value)
    fits = isinstance(listed, list | tuple) and len(listed) == count
    return listed if fits else [None] * count


def _answer(entry: Any) -> Any:
    if isinstance(entry, Mapping) and "rank" not in entry:
        return parsed(entry.get("value"))
    return entry
