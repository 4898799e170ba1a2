"""Texts that only their author sees: those with an explicit statement of wanting to die.

The rest of what was sent with them counts as always: the answers, the pay, the report of harm.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.care.rules import says_so
from codesign.shared.states import Transitions


class OwnKind(TextChoices):
    """What a text was sent as."""

    REWRITE = "rewrite", _("Your version of a reply")
    COMMENT = "comment", _("Your comment")
    HIGHLIGHTS = "highlights", _("Your words beside what you marked")
    FLAG_NOTE = "flag_note", _("Your words in a report")
    SKIP_NOTE = "skip_note", _("Your words when you skipped a text")
    REVIEW_NOTE = "review_note", _("Your note in a review")


class OwnState(TextChoices):
    """Whether anybody else may see the text; its author decides."""

    WAITING = "waiting", _("only you see it")  # nobody has asked to use it yet
    PRIVATE = "private", _("you keep it private")
    FREE = "free", _("may be used")


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
