"""Own texts: texts that may tell of a crisis of their writer, which only their author sees.

Everything else that was sent with them counts as usual: answers, pay, and reports of harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.care.rules.disclosure.detection import find_disclosure
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.shared.states import Transitions


class OwnKind(TextChoices):
    """The field that a text was sent in."""

    REWRITE = "rewrite", _("Your version of a reply")
    COMMENT = "comment", _("Your comment")
    HIGHLIGHTS = "highlights", _("Your words beside what you marked")
    FLAG_NOTE = "flag_note", _("Your words in a report")
    SKIP_NOTE = "skip_note", _("Your words when you skipped a text")
    REVIEW_NOTE = "review_note", _("Your note in a review")


class Source(TextChoices):
    """What somebody sent at once: a case is opened for all of its texts together."""

    JUDGEMENT = "judgement", _("While judging")
    SKIP = "skip", _("When skipping a text")
    REVIEW = "review", _("In a review")


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
    """Return whether any of the texts may tell of a crisis.

    Texts are checked as they were sent, so that a repeated request gets the same answer.
    """
    return any(urgency_of(text) for text in texts)


class Remembered:
    """Looks at each text once, although page, service and API ask about the same text.

    It remembers what was noticed by the hash of a text, never the text, for the texts of the last
    moments.
    """

    MOST = 256

    def __init__(self, look: Callable[[str], Urgency | None]) -> None:
        """Take the function that looks at a text."""
        self._look = look
        self._noticed: dict[bytes, Urgency | None] = {}

    def __call__(self, text: str) -> Urgency | None:
        """Return how urgent it is that somebody looks after the writer; None if it is not."""
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        try:
            return self._noticed[key]
        except KeyError:
            urgency = self._look(text)
        if len(self._noticed) >= self.MOST:
            self._noticed.clear()
        self._noticed[key] = urgency
        return urgency


urgency_of = Remembered(lambda text: find_disclosure(text).urgency)
