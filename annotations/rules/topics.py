"""What a person wants to be asked before they read a text (standards 4.1 to 4.3)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

LIGHTEST = 1
HEAVIEST = 3
"""The highest intensity of a prompt."""


class Choice(TextChoices):
    """A person's choice for one topic. Without a choice, a topic is fine."""

    NEVER = "never", _("Never")
    ASK = "ask", _("Ask me first")
    FINE = "fine", _("Fine")


def needs_note(*, intensity: int, asked_first: bool) -> bool:
    """Return whether a text is covered by its content note until the person chooses.

    `asked_first`: the person chose “ask me first” for one of its topics. The heaviest texts are
    always covered.
    """
    return asked_first or intensity >= HEAVIEST
