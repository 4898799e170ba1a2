"""How fast something goes on, and how long the rest takes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone


class Pace(NamedTuple):
    """So many a second, and seconds to go."""

    rate: float
    left: float


def pace_of(
    *, done: int, total: int, since: datetime | None, until: datetime | None = None
) -> Pace | None:
    """By how it went from its beginning until now, or until it was last heard of.

    None while there is nothing to tell by.
    """
    took = ((until or timezone.now()) - since).total_seconds() if since else 0.0
    if took <= 0 or not done:
        return None
    rate = done / took
    return Pace(rate, max(total - done, 0) / rate)
