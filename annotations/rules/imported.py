"""Limits of ranks, scores, labels and spans that came with an import.

They were made elsewhere, so they are not judgements of members.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from annotations.rules.texts import storable
from codesign.shared.visible import shows_nothing

MAX_SOURCE = 120
"""Most characters of the name of a source."""
MAX_CRITERION = 60
MAX_VALUE = 1e9
"""Scores are from minus this to plus this."""
MAX_RATER = 32_767


class ImportedKind(StrEnum):
    """What an imported statement says of a response."""

    RANK = "rank"  # its place among the responses to the prompt; 1 is best
    SCORE = "score"
    LABEL = "label"  # a word of a closed list, chosen for the whole response
    SPAN = "span"  # a marked passage


class ImportedStatement(NamedTuple):
    """One rank, score, label or span of a response."""

    response_id: UUID
    kind: str
    value: float = 1.0
    """The place of a rank, the score, and 1 for a label or a span."""
    criterion: str = ""
    """What a rank or score measures, the question of a label, or the label of a span."""
    start: int | None = None
    end: int | None = None
    """First code point of a span in the response, and the one after its last."""
    rater: int = 1
    """Which of several annotators of the source it is from. A number, never a name."""
    label: str = ""
    """What was chosen, of a label alone."""


def source_problem(source: str) -> str | None:
    """Return what is wrong with the name of a source, or None."""
    if shows_nothing(source) or not storable(source):
        return _("Name the source of the imported judgements, such as a data set and its version.")
    if len(source) > MAX_SOURCE:
        return _("The name of the source must have at most %(n)d characters.") % {"n": MAX_SOURCE}
    return None


def statement_problem(statement: ImportedStatement, *, length: int) -> str | None:
    """Return what is wrong with a statement on a response of `length` characters, or None."""
    if statement.kind not in set(ImportedKind):
        return _("The kind must be rank, score, label or span.")
    if not (math.isfinite(statement.value) and abs(statement.value) <= MAX_VALUE):
        return _("A rank or score must be a number from -%(n)d to %(n)d.") % {"n": MAX_VALUE}
    if statement.kind == ImportedKind.RANK and (statement.value < 1 or statement.value % 1):
        return _("A rank must be a whole number from 1.")
    if (statement.kind == ImportedKind.LABEL) != bool(statement.label):
        return _("A label must say what was chosen; nothing else has it.")
    if max(len(statement.criterion), len(statement.label)) > MAX_CRITERION:
        words = _("A criterion or label must have at most %(n)d characters.")
        return words % {"n": MAX_CRITERION}
    if not 1 <= statement.rater <= MAX_RATER:
        return _("The number of a rater must be from 1 to %(n)d.") % {"n": MAX_RATER}
    return _span_problem(statement, length)


def _span_problem(statement: ImportedStatement, length: int) -> str | None:
    start, end = statement.start, statement.end
    if statement.kind != ImportedKind.SPAN:
        return None if start is end is None else _("Only a span has a start and an end.")
    if start is None or end is None or not 0 <= start < end <= length:
        return _("A span must start before it ends, and be inside the response.")
    return None
