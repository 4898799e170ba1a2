"""Reads the ranks, scores, labels and spans that an imported file has for its responses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from annotations.rules.imported import ImportedKind, ImportedStatement, statement_problem
from annotations.rules.texts import one_line_ending, storable
from modelhub.rules import values
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.values import number_of

MOST_MARKS = 1_000
"""Ranks, scores, labels and spans of one response."""
CHARACTERS = 60
"""Characters that each of these counts as in the limits of a row and of a batch."""
SCORED, MARKED, MARKS_LOST = "scored", "marked", "marks_lost"
"""Counts of scores and labels, of spans, and of spans lost because the text was changed."""
_ANY_RESPONSE = UUID(int=0)


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

    The places of spans count in the text of the file (`raw`), and are changed to count in `text`,
    whose line endings are all LF.
    """
    by_mark: dict[Mark, float] = {}
    marks = [
        *_numbers(ImportedKind.RANK, given.get("ranks"), number),
        *_numbers(ImportedKind.SCORE, given.get("scores"), number),
        *_labels(given.get("labels"), number),
        *_spans(given.get("spans"), number),
    ]
    if marks and not values.absent(rank := values.whole(given.get("rank"))):
        marks.append(Mark(ImportedKind.RANK, float(rank), "", None, None, 1))
    for mark in marks:
        problem = statement_problem(ImportedStatement(_ANY_RESPONSE, *mark), length=len(raw))
        if problem is None and not storable(mark.criterion + mark.label):
            problem = _("A criterion or label must be text.")
        if problem is None and by_mark.setdefault(mark._replace(value=0), mark.value) != mark.value:
            problem = _("A response has two different ranks or scores of one kind and rater.")
        if problem:
            raise BadRow(f"response {number}: {problem}")
    if len(by_mark) > MOST_MARKS:
        raise _malformed(number)
    unlike = (mark._replace(value=value) for mark, value in by_mark.items())
    return tuple(unlike if raw == text else (_moved(mark, raw) for mark in unlike))


def _moved(mark: Mark, raw: str) -> Mark:
    if mark.kind != ImportedKind.SPAN:
        return mark
    start, end = (len(one_line_ending(raw[:place])) for place in (mark.start, mark.end))
    return mark._replace(start=start, end=end)


def _malformed(number: int) -> BadRow:
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
    for entry in _objects(given, {"criterion", "value", "rater"}, number):
        if values.absent(entry.get("value")):  # Arrow writes the criteria of all rows in each
            continue
        value, name = number_of(entry["value"]), entry.get("criterion")
        if kind == ImportedKind.RANK and values.absent(name):
            name = ""
        if value is None or not isinstance(name, str):
            raise _malformed(number)
        yield Mark(kind, value, name.strip(), None, None, _rater(entry, number))


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
    for entry in _objects(given, {"criterion", "label", "rater"}, number):
        if values.absent(entry.get("label")):
            continue
        label, name = entry["label"], entry.get("criterion")
        name = "" if values.absent(name) else name
        if not isinstance(label, str) or not isinstance(name, str):
            raise _malformed(number)
        rater = _rater(entry, number)
        yield Mark(ImportedKind.LABEL, 1.0, name.strip(), None, None, rater, label.strip())


def _spans(given: Any, number: int) -> Iterator[Mark]:
    if values.absent(given):
        return
    for entry in _objects(given, {"label", "start", "end", "rater"}, number):
        start, end = values.whole(entry.get("start")), values.whole(entry.get("end"))
        label = entry.get("label")
        label = "" if values.absent(label) else label
        if type(start) is not int or type(end) is not int or not isinstance(label, str):
            raise _malformed(number)
        yield Mark(ImportedKind.SPAN, 1.0, label.strip(), start, end, _rater(entry, number))


def _objects(given: Any, keys: set[str], number: int) -> Iterator[Mapping[str, Any]]:
    if not isinstance(given, list | tuple):
        raise _malformed(number)
    for entry in given:
        if values.absent(entry):
            continue
        if not isinstance(entry, Mapping) or values.filled(entry).keys() - keys:
            raise _malformed(number)
        yield entry


def _rater(entry: Mapping[str, Any], number: int) -> int:
    rater = 1 if values.absent(entry.get("rater")) else values.whole(entry["rater"])
    if type(rater) is not int:
        raise _malformed(number)
    return rater
