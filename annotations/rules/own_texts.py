"""Texts that only their author sees: those with an explicit statement of wanting to die.

The rest of what was sent with them counts as always: the answers, the pay, the report of harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from codesign.care.rules import says_so
from codesign.shared.states import Transitions


class OwnKind(StrEnum):
    """What a text was sent as."""

    REWRITE = "rewrite"
    COMMENT = "comment"
    HIGHLIGHTS = "highlights"  # the words beside marked passages
    FLAG_NOTE = "flag_note"
    SKIP_NOTE = "skip_note"
    REVIEW_NOTE = "review_note"


class OwnState(StrEnum):
    """Whether anybody else may see the text; its author decides."""

    WAITING = "waiting"  # nobody has asked to use it yet, and nobody else sees it
    PRIVATE = "private"
    FREE = "free"


KEPT = (OwnState.WAITING, OwnState.PRIVATE)
"""States in which its author alone sees a text."""
OWN_STATES = Transitions.of(
    "text",
    {"waiting": ["private", "free"], "private": ["free"], "free": ["private"]},
)


def needs_support(texts: Iterable[str]) -> bool:
    """Whether any of the texts that somebody sent is an explicit statement.

    Texts are read as they were sent, so that a repeated request gets the same answer.
    """
    return any(map(says_so, texts))
