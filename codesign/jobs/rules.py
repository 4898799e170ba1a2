"""States of a job, and how fast it advances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from codesign.shared.states import Transitions


class JobState(StrEnum):
    """The life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
RESUMABLE = (JobState.FAILED, JobState.CANCELLED)

JOB_STATES = Transitions.of(
    "job",
    {
        "queued": ["running", "done", "failed", "cancelled"],
        "running": ["queued", "done", "failed", "cancelled"],
        "failed": ["queued"],
        "cancelled": ["queued"],
        "done": [],
    },
)

BEAT_SECONDS = 1.0
"""Between two heartbeats of a worker; a cancelled job ends within about as long."""
STALE_AFTER = timedelta(minutes=3)
"""Without a heartbeat for this long, a worker counts as dead although its connection is open."""
RATE_WINDOW_SECONDS = 60.0
SAMPLE_SECONDS = 5.0

Sample = Sequence[float]
"""A moment in seconds since 1970, and how much was done then."""


class Rate(NamedTuple):
    """Units per second, and the seconds that the rest takes."""

    per_second: float
    seconds_left: float | None


def sampled(samples: Sequence[Sample], *, at: float, done: int) -> list[list[float]]:
    """Add what is done at a moment, and drop what lies before the window of the rate.

    Samples are at least `SAMPLE_SECONDS` apart: one that comes sooner replaces the last, except
    for the first, from which the rate counts. Two samples are always kept, so that slow work has
    a rate too.
    """
    kept = [[moment, amount] for moment, amount in samples]
    if len(kept) > 2 and at - kept[-2][0] < SAMPLE_SECONDS:
        kept.pop()
    kept.append([at, done])
    while len(kept) > 2 and kept[1][0] <= at - RATE_WINDOW_SECONDS:
        kept.pop(0)
    return kept


def rate_of(samples: Sequence[Sample], *, done: int, total: int) -> Rate | None:
    """How fast a job advanced over the last minute in which a worker was at it.

    Returns None where nothing can be said yet. A worker starts a new list of samples when it
    claims a job, so the time in between does not count. `seconds_left` is None while the total is
    unknown (0).
    """
    if len(samples) < 2:
        return None
    (began, first), (ended, last) = samples[0], samples[-1]
    if ended <= began or last <= first:
        return None
    rate = (last - first) / (ended - began)
    return Rate(rate, max(total - done, 0) / rate if total else None)


def share_of(*, done: int, total: int) -> float | None:
    """The part that is done, from 0 to 1; None while the total is unknown (0)."""
    return min(done / total, 1.0) if total else None
