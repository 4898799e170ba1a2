"""Which work belongs to one sitting, and which skip is paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotations.rules.states import SkipReason

PAUSE = timedelta(minutes=30)
"""After a longer pause, a new sitting begins."""


def same_sitting(*, ended_at: datetime | None, now: datetime) -> bool:
    """Return whether work that begins now continues the sitting whose last work ended then."""
    return ended_at is not None and now - ended_at < PAUSE


def start_of_day(*, now: datetime, zone: str) -> datetime:
    """Return the start of the day in the person's time zone, in UTC. Unknown zones count as UTC."""
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        local = now.astimezone(UTC)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC)


def skip_is_paid(*, reason: str, said_not_today: bool) -> bool:
    """Return whether a skip is paid: all are, except a second “not today” on the same day."""
    return reason != SkipReason.NOT_TODAY or not said_not_today
