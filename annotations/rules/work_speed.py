"""Which work is paid immediately, and which pay a person checks first (decision 20).

These rules never refuse work or its pay; they only choose what a person should check. They use the
server's clock and what was shown, never what a client claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

RESERVE = 5
"""Pieces of work that are paid immediately at any speed, after a pause."""
READS = 250
"""Words a minute that an adult reads silently: 238 in Brysbaert (2019), over 190 studies."""
FEWEST_WORDS = 30
"""Answering takes time as well: as much as reading this number of words."""
SKIPS_TO_A_BREAK = 5
"""Skips in a row, without a judgement in between, after which a break is offered."""
ROW_ENDS_AFTER = timedelta(hours=8)
MOST_SKIPS = 30_000
"""Keeps `skips_before` within its column."""
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
LONGEST_DEBT = 10**9
"""Seconds; keeps `spare_seconds` within its column."""


@dataclass(frozen=True)
class Spare:
    """Promised seconds that could be paid immediately at a time; None for the whole reserve."""

    seconds: int | None
    at: datetime


def spare_at(spare: Spare | None, *, now: datetime, promised: int, pace: int) -> int:
    """Return the promised seconds that can be paid immediately now.

    They grow by `pace` with every second, up to the reserve. So over any period, the work that is
    paid immediately promised at most `pace` times the period plus the reserve.
    """
    most = RESERVE * promised
    if spare is None or spare.seconds is None:
        return most
    passed = max((now - spare.at).total_seconds(), 0.0)
    return int(min(most, spare.seconds + pace * passed))


def spare_earlier(left: int, *, at: datetime, now: datetime, pace: int) -> int:
    """Return the value at an earlier time that leads to `left` now, or to one second more."""
    return max(left - int(pace * (now - at).total_seconds()), -LONGEST_DEBT)


def too_quick(*, words: int, since: datetime, now: datetime, pace: int) -> bool:
    """Return whether an answer came more than `pace` / 2 times faster than an adult reads."""
    needed = max(words, FEWEST_WORDS) * 60 / (READS * pace / 2)
    return (now - since).total_seconds() < needed


def count_words(texts: Iterable[str]) -> int:
    """Count words by spaces; for Chinese and Japanese, which have none, half of the letters."""
    return sum(len(text.split()) + len(_WITHOUT_SPACES.findall(text)) // 2 for text in texts)


def skips_before(*, skips: int, skipped: bool, judged: bool, pause: timedelta) -> int:
    """Return the number of skips in a row before the next lease.

    `skips` is the number before the last lease; the other arguments say how that one ended. The
    count restarts after a judgement and after a long pause, such as a night.
    """
    if judged or pause >= ROW_ENDS_AFTER:
        return 0
    return min(skips + skipped, MOST_SKIPS)


def leads_to_a_break(*, skips: int) -> bool:
    """Return whether a break is offered after one more skip: after every fifth in a row."""
    return (skips + 1) % SKIPS_TO_A_BREAK == 0


def quick_skip(*, skips: int, since: datetime, now: datetime, promised: int) -> bool:
    """Return whether a skip after five others took less than half of the promised seconds.

    The first five in a row are never held, because people may skip a few texts on a bad day.
    """
    return skips >= SKIPS_TO_A_BREAK and 2 * (now - since).total_seconds() < promised
