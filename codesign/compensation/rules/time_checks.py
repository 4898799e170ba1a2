"""Whether work took longer than promised, and what that adds to its pay (standards 3.3).

The pay of a text and its promised time grow alike with its replies, so that one share describes
texts of every length and rate: active time by promised time. Above 1, the hourly rate that results
is below the promised one, and pay is raised by the same share.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from statistics import median

FEWEST_PIECES = 20
"""A median of fewer judgements says little. They wait for the next check."""
PROMISED = 1000
"""Thousandths: the work took as long as promised."""


def median_permille(times: Sequence[tuple[int, int]]) -> int:
    """Return the median share of (active milliseconds, promised seconds) in thousandths.

    Rounded up, in favour of the people. Milliseconds by seconds are thousandths.
    """
    return ceil(median(Fraction(active, promised) for active, promised in times))


def adjustment_minor(*, earned_minor: int, permille: int) -> int:
    """Return what brings pay up to the promise, in minor units, rounded up; 0 if it reaches it."""
    return max(-(-earned_minor * (permille - PROMISED) // PROMISED), 0)
