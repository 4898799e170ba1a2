"""States of a job, and how fast it advances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from codesign.shared.states import Transitions


class JobState(StrEnum):
    """The states of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATE_WORDS = {
    JobState.QUEUED: _("waiting for a worker"),
    JobState.RUNNING: _("running"),
    JobState.DONE: _("done"),
    JobState.FAILED: _("failed"),
    JobState.CANCELLED: _("cancelled"),
}
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
"""Seconds between two heartbeats of a worker. A cancelled job ends after about this time."""
STALE_AFTER = timedelta(minutes=3)
"""Time without a heartbeat after which a worker counts as dead, even if its connection is open."""
RATE_WINDOW_SECONDS = 60.0
SAMPLE_SECONDS = 5.0

Sample = Sequence[float]
"""Seconds since 1970, and the units done at that time."""


class Rate(NamedTuple):
    """Units per second, and the remaining seconds at that rate."""

    per_second: float
    seconds_left: float | None


def sampled(samples: Sequence[Sample], *, at: float, done: int) -> list[list[float]]:
    """Add a sample, and drop samples that are older than the window of the rate.

    Samples are at least `SAMPLE_SECONDS` apart: an earlier one replaces the last sample, but never
    the first, with which the rate is computed. Two samples are always kept, so that slow work has
    a rate too.
    """
    kept = [[moment, amount] for moment, amount in samples]
    if len(kept) > 2 and at - kept[-2][0] <= SAMPLE_SECONDS:
        kept.pop()
    kept.append([at, done])
    while len(kept) > 2 and kept[0][0] < at - RATE_WINDOW_SECONDS:
        kept.pop(0)
    return kept


def rate_of(samples: Sequence[Sample], *, done: int, total: int) -> Rate | None:
    """Return the rate of a job over the last minute of work, or None if it is not known yet.

    A worker starts a new list of samples when it claims a job, so waiting time does not count.
    `seconds_left` is None while the total is unknown (0).
    """
    if len(samples) < 2:
        return None
    (began, first), (ended, last) = samples[0], samples[-1]
    if ended <= began or last <= first:
        return None
    rate = (last - first) / (ended - began)
    return Rate(rate, max(total - done, 0) / rate if total else None)


def share_of(*, done: int, total: int) -> float | None:
    """Return the share that is done, from 0 to 1; None while the total is unknown (0)."""
    return min(done / total, 1.0) if total else None
