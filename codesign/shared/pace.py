"""How fast something goes on, and how long the rest takes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone


class Pace(NamedTuple):
    """So many a second, and seconds to go."""

    rate: float
    left: float


def pace_of(*, done: int, total: int, since: datetime | None) -> Pace | None:
    """By how it went from its beginning until now; None while there is nothing to tell by."""
    if since is None or not done:
        return None
    took = max((timezone.now() - since).total_seconds(), 0.001)
    rate = done / took
    return Pace(rate, max(total - done, 0) / rate)
