"""How much heavy reading a day has, and when a break is offered (standards 4.4 and 4.5).

Load is promised time weighted by intensity: a minute of the heaviest texts counts fully, a minute
of lighter ones in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WEIGHTS = {1: 1, 2: 2, 3: 4}
"""Quarters of the promised time that count, by intensity."""
STUDY_MINUTES = 60
"""The daily limit of a study whose coordinator has set none (standards 4.4)."""
LEAST_MINUTES = 5
MOST_MINUTES = 24 * 60
REST_AFTER = timedelta(minutes=45)
"""Time in a sitting after which a break is offered, each time."""
REST_AFTER_LOAD = 20 * 60
"""Load in seconds after which a break is offered, each time."""
REVIEWED_WITHIN = timedelta(hours=1)
"""Decisions of a review that count together."""
REST_AFTER_REVIEWED = 40
"""Decisions after which a break is offered to reviewers, each time; the heaviest count fourfold."""


@dataclass(frozen=True, slots=True)
class Day:
    """A person's load so far on their day, and their limit; in seconds."""

    load: int
    limit: int
    is_new: bool
    """Whether nothing was leased on this day before, in this study."""
    elsewhere: int = 0
    """The load of their day in other studies."""

    @property
    def is_full(self) -> bool:
        """Return whether the limit is reached. The text that reaches it is the day's last one."""
        return self.load + self.elsewhere >= self.limit


def load_of(*, promised_seconds: int, intensity: int) -> int:
    """Return the load of one text in seconds."""
    return promised_seconds * WEIGHTS[intensity] // WEIGHTS[3]


def limit_seconds(*, study_minutes: int | None, own_minutes: int | None) -> int:
    """Return a person's limit: the study's, or their own if it is lower."""
    of_study = STUDY_MINUTES if study_minutes is None else study_minutes
    return 60 * (of_study if own_minutes is None else min(of_study, own_minutes))


def rest_is_due(
    *, sitting_began: datetime, leased_at: datetime, now: datetime, load_before: int, load_now: int
) -> bool:
    """Return whether a break is offered after a text that was leased then and ends now.

    It is, each time that another 45 minutes of the sitting have passed, or another 20 minutes of
    the heaviest texts on this day.
    """
    by_time = (now - sitting_began) // REST_AFTER > (leased_at - sitting_began) // REST_AFTER
    return by_time or load_now // REST_AFTER_LOAD > load_before // REST_AFTER_LOAD


def rest_is_due_in_review(intensities: Sequence[int]) -> bool:
    """Return whether a break is offered to a reviewer after the newest of these decisions.

    `intensities` are those of the texts that they decided on lately, the newest first.
    """
    weights = [WEIGHTS[intensity] for intensity in intensities]
    before = sum(weights[1:])
    return sum(weights) // REST_AFTER_REVIEWED > before // REST_AFTER_REVIEWED
