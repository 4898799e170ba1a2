"""Which work belongs to one sitting or day, and what becomes of skips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotations.rules.states import AssignmentState, PayCheck, SkipReason

PAUSE = timedelta(minutes=30)
"""After a longer pause, a new sitting begins."""
UNDO_FOR = timedelta(minutes=10)
"""How long a skip can be undone."""


def same_sitting(*, ended_at: datetime | None, now: datetime) -> bool:
    """Return whether work that begins now continues the sitting whose last work ended then."""
    return ended_at is not None and now - ended_at < PAUSE


def start_of_day(*, now: datetime, zone: str) -> datetime:
    """Return the start of the day in the person's time zone, in UTC. Unknown zones count as UTC."""
    return _midnight(_local(now, zone))


def start_of_next_day(*, now: datetime, zone: str) -> datetime:
    """Return the start of the person's next day, in UTC."""
    return _midnight(_local(now, zone) + timedelta(days=1))


def _local(now: datetime, zone: str) -> datetime:
    try:
        return now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now.astimezone(UTC)


def _midnight(local: datetime) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC)


def skip_is_paid(*, reason: str, said_not_today: bool) -> bool:
    """Return whether a skip is paid: all are, except a second “not today” on the same day."""
    return reason != SkipReason.NOT_TODAY or not said_not_today


def back_on(*, reason: str, now: datetime, zone: str) -> datetime | None:
    """Return when a skipped text may come back: after “not today”, on the person's next day."""
    return start_of_next_day(now=now, zone=zone) if reason == SkipReason.NOT_TODAY else None


def may_undo(*, state: str, ended_at: datetime | None, pay_check: str, now: datetime) -> bool:
    """Return whether a skip can be undone: for ten minutes, and not while its pay is checked."""
    if state != AssignmentState.SKIPPED or ended_at is None or pay_check != PayCheck.NONE:
        return False
    return now - ended_at < UNDO_FOR
