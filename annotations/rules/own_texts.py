"""Own texts: texts with an explicit statement of wanting to die, which only their author sees.

Everything else that was sent with them counts as usual: answers, pay, and reports of harm.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.care.rules.statements import says_so
from codesign.shared.states import Transitions


class OwnKind(TextChoices):
    """The field that a text was sent in."""

    REWRITE = "rewrite", _("Your version of a reply")
    COMMENT = "comment", _("Your comment")
    HIGHLIGHTS = "highlights", _("Your words beside what you marked")
    FLAG_NOTE = "flag_note", _("Your words in a report")
    SKIP_NOTE = "skip_note", _("Your words when you skipped a text")
    REVIEW_NOTE = "review_note", _("Your note in a review")


class OwnState(TextChoices):
    """Whether others may see the text. Its author decides."""

    WAITING = "waiting", _("only you see it")  # its author has not decided
    PRIVATE = "private", _("you keep it private")
    FREE = "free", _("may be used")


KEPT = (OwnState.WAITING, OwnState.PRIVATE)
"""States in which only the author sees the text."""
OWN_STATES = Transitions.of(
    "text",
    {"waiting": ["private", "free"], "private": ["free"], "free": ["private"]},
)


def needs_support(texts: Iterable[str]) -> bool:
    """Return whether any of the texts is an explicit statement.

    Texts are checked as they were sent, so that a repeated request gets the same answer.
    """
    return any(map(says_so, texts))
