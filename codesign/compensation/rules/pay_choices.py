"""What people choose about their own pay before they work (standards 3.6, 3.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

ALL = 100
"""Percent."""


class CapPeriod(TextChoices):
    """In which time a person wants to earn no more than their limit."""

    WEEK = "week", _("a week, from Monday")
    YEAR = "year", _("a year, from January")


def share_of(amount_minor: int, *, percent: int) -> int:
    """Return a share of a rate, in minor units, rounded up."""
    return -(-amount_minor * percent // ALL)


def began(*, period: CapPeriod, now: datetime, zone: str) -> datetime:
    """Return when the current period began in the person's time zone; unknown zones are UTC."""
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        local = now.astimezone(UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == CapPeriod.WEEK:
        return day - timedelta(days=local.weekday())  # the clock on the wall, also across DST
    return day.replace(month=1, day=1)
