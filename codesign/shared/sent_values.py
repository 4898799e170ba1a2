"""Reads ids and times that a page's own links and forms send back."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive


def uuid_or_none(value: str | None) -> uuid.UUID | None:
    """Return the id; None if the value is not one, as somebody has changed it."""
    try:
        return uuid.UUID(value or "")
    except ValueError:
        return None


def time_or_none(value: str) -> datetime | None:
    """Return the time; None if the value is not one with its zone."""
    try:
        time = parse_datetime(value)
    except ValueError:
        return None
    return None if time is None or is_naive(time) else time
