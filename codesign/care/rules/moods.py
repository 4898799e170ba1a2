"""How somebody feels before and after a session, in five words (standards 4.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

DROP = 2
"""From so many steps down on, support is offered."""


class Face(IntegerChoices):
    """Five answers to “How are you?”."""

    VERY_BAD = 1, _("Very bad")
    BAD = 2, _("Bad")
    IN_BETWEEN = 3, _("In between")
    GOOD = 4, _("Good")
    VERY_GOOD = 5, _("Very good")


class Moment(TextChoices):
    """When somebody is asked."""

    BEFORE = "before", _("before a session")
    AFTER = "after", _("after a session")


def is_drop(*, before: int | None, after: int | None) -> bool:
    """Return whether somebody feels clearly worse after a session; None if they did not say."""
    return before is not None and after is not None and before - after >= DROP


def needs_an_answer(*, before: int | None, after: int | None) -> bool:
    """Return whether support is offered: somebody feels bad now, or clearly worse than before."""
    now = before if after is None else after
    return (now is not None and now <= Face.BAD) or is_drop(before=before, after=after)


def day_of(at: datetime, *, zone: str) -> date:
    """Return the person's calendar day. Unknown time zones count as UTC."""
    try:
        return at.astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return at.astimezone(UTC).date()
