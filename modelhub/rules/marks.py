"""Ranks, scores, labels and marked passages that a file has of its responses.

They were made elsewhere, by nobody here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from annotations.rules.imported import ImportedKind, ImportedStatement, statement_problem
from annotations.rules.texts import one_line_ending, storable
from modelhub.rules import values
from modelhub.rules.raw_rows import BadRow

MOST_MARKS = 1_000
"""Ranks, scores, labels and spans of one response."""
CHARACTERS = 60
"""What each of these counts in the limits of a row and of a batch."""
SCORED, MARKED, MARKS_LOST = "scored", "marked", "marks_lost"
"""Counts of scores and labels, of spans, and of spans whose place is lost in a changed text."""
_NOBODY = UUID(int=0)


class Mark(NamedTuple):
    """A rank, score, label or span of a response, see `ImportedStatement`."""

    kind: str
    value: float
    criterion: str
    start: int | None
    end: int | None
    rater: int
    label: str = ""


MARKS = frozenset({"ranks", "scores", "labels", "spans"})
"""Keys of a response with marks."""


def marks_of(given: Mapping[str, Any], raw: str, text: str, number: int) -> tuple[Mark, ...]:
    """Return the ranks, scores, labels and spans of a response; raises BadRow.

    Spans are places of the text as the file has it (`raw`), and become places of `text`, whose
    line endings are made one.
    """
    found: dict[Mark, float] = {}
    marks = [
        *_numbers(ImportedKind.RANK, given.get("ranks"), number),
        *_numbers(ImportedKind.SCORE, given.get("scores"), number),
        *_labels(given.get("labels"), number),
        *_spans(given.get("spans"), number),
    ]
    if marks and not values.absent(rank := values.whole(given.get("rank"))):
        marks.append(Mark(ImportedKind.RANK, float(rank), "", None, None, 1))
    for mark in marks:
        problem = statement_problem(ImportedStatement(_NOBODY, *mark), length=len(raw))
        if problem is None and not storable(mark.criterion + mark.label):
            problem = _("A criterion or label must be text.")
        if problem is None and found.setdefault(mark._replace(value=0), mark.value) != mark.value:
            problem = _("A response has two different ranks or scores of one kind and rater.")
        if problem:
            raise BadRow(f"response {number}: {problem}")
    if len(found) > MOST_MARKS:
        raise _bad(number)
    unlike = (mark._replace(value=value) for mark, value in found.items())
    return tuple(unlike if raw == text else (_moved(mark, raw) for mark in unlike))


def _moved(mark: Mark, raw: str) -> Mark:
    if mark.kind != ImportedKind.SPAN:
        return mark
    start, end = (len(one_line_ending(raw[:place])) for place in (mark.start, mark.end))
    return mark._replace(start=start, end=end)


def _bad(number: int) -> BadRow:
    return BadRow(
        _(
            'the ranks, scores, labels or spans of response %(n)d are not like {"helpful": 4}, '
            '{"tone": "warm"} and [{"label": "warm", "start": 0, "end": 5}], or more than %(most)s.'
        )
        % {"n": number, "most": f"{MOST_MARKS:,}"}
    )


def _numbers(kind: ImportedKind, given: Any, number: int) -> Iterator[Mark]:
    if values.absent(given):
        return
    if isinstance(given, Mapping):
        given = [{"criterion": name, "value": value} for name, value in given.items()]
    for one in _objects(given, {"criterion", "value", "rater"}, number):
        if values.absent(one.get("value")):  # as Arrow writes criteria that others have
            continue
        value, name = _number(one["value"]), one.get("criterion")
        if kind == ImportedKind.RANK and values.absent(name):
            name = ""
        if value is None or not isinstance(name, str):
            raise _bad(number)
        yield Mark(kind, value, name.strip(), None, None, _rater(one, number))


def _labels(given: Any, number: int) -> Iterator[Mark]:
    """Yield the labels of a response, of which a question may have several."""
    if values.absent(given):
        return
    if isinstance(given, Mapping):
        given = [
            {"criterion": name, "label": label}
            for name, labels in given.items()
            for label in (labels if isinstance(labels, list | tuple) else [labels])
        ]
    for one in _objects(given, {"criterion", "label", "rater"}, number):
        if values.absent(one.get("label")):
            continue
        label, name = one["label"], one.get("criterion")
        name = "" if values.absent(name) else name
        if not isinstance(label, str) or not isinstance(name, str):
            raise _bad(number)
        rater = _rater(one, number)
        yield Mark(ImportedKind.LABEL, 1.0, name.strip(), None, None, rater, label.strip())


def _spans(given: Any, number: int) -> Iterator[Mark]:
    if values.absent(given):
        return
    for one in _objects(given, {"label", "start", "end", "rater"}, number):
        start, end = values.whole(one.get("start")), values.whole(one.get("end"))
        label = one.get("label")
        label = "" if values.absent(label) else label
        if type(start) is not int or type(end) is not int or not isinstance(label, str):
            raise _bad(number)
        yield Mark(ImportedKind.SPAN, 1.0, label.strip(), start, end, _rater(one, number))


def _objects(given: Any, keys: set[str], number: int) -> Iterator[Mapping[str, Any]]:
    if not isinstance(given, list | tuple):
        raise _bad(number)
    for one in given:
        if values.absent(one):
            continue
        if not isinstance(one, Mapping) or values.filled(one).keys() - keys:
            raise _bad(number)
        yield one


def _number(value: Any) -> float | None:
    """Return a number, also of text; None for everything else, and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _rater(one: Mapping[str, Any], number: int) -> int:
    rater = 1 if values.absent(one.get("rater")) else values.whole(one["rater"])
    if type(rater) is not int:
        raise _bad(number)
    return rater
