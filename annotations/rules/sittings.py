"""When a lease ends, what belongs to one sitting, which skip is paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotations.rules.states import SkipReason

PAUSE = timedelta(minutes=30)
"""A longer pause begins a new sitting."""


def same_sitting(*, ended_at: datetime | None, now: datetime) -> bool:
    """Whether work that begins now goes on with the sitting whose last piece ended then."""
    return ended_at is not None and now - ended_at < PAUSE


def start_of_day(*, now: datetime, zone: str) -> datetime:
    """Midnight, in UTC, of the person's own day; UTC's day where their zone is not known."""
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        local = now.astimezone(UTC)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC)


def skip_is_paid(*, reason: str, said_not_today: bool) -> bool:
    """Every skip is paid, but for a second “not today” of one day."""
    return reason != SkipReason.NOT_TODAY or not said_not_today
