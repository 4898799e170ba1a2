"""Texts that only their author sees: those with an explicit statement of wanting to die.

The rest of what was sent with them counts as always: the answers, the pay, the report of harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
_WRITTEN = {"rewrites": ("text",), "highlights": ("label", "comment"), "flags": ("note",)}
"""Where a submission holds free text beside its comment."""


def needs_support(body: Mapping[str, Any]) -> bool:
    """Whether anything in a submission, or a skip's note, is an explicit statement.

    The body is read as it was sent, so that the same answer comes to the same body sent again.
    """
    return any(map(says_so, texts_in(body)))


def texts_in(body: Mapping[str, Any]) -> Iterator[str]:
    """Every free text of a submission or skip, whatever else it holds."""
    yield from (body[key] for key in ("comment", "note") if isinstance(body.get(key), str))
    for part, keys in _WRITTEN.items():
        items = body.get(part)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping):
                yield from (item[key] for key in keys if isinstance(item.get(key), str))
