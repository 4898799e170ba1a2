"""Which work is paid at once, and which pay a person looks at first (decision 20).

Nothing here refuses work or leaves it unpaid: it says what somebody should look at. It knows the
server's clock and what was shown, never what a client claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

RESERVE = 5
"""Pieces of work that are paid at once however quick they are, where none was done just before."""
READS = 250
"""Words a minute that an adult reads silently: 238 in Brysbaert (2019), over 190 studies."""
FEWEST_WORDS = 30
"""To answer takes a moment too: as long as to read so many words."""
SKIPS_TO_A_BREAK = 5
"""Skips in a row, without a judgement between, after which a break is offered."""
ROW_ENDS_AFTER = timedelta(hours=8)
MOST_SKIPS = 30_000
"""Keeps `skips_before` within its column."""
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
LONGEST_DEBT = 10**9
"""Seconds; keeps `spare_seconds` within its column."""


@dataclass(frozen=True)
class Spare:
    """Promised seconds that could be paid at once at that time; None: all of the reserve."""

    seconds: int | None
    at: datetime


def spare_at(spare: Spare | None, *, now: datetime, promised: int, pace: int) -> int:
    """Promised seconds that may be paid at once now: they grow with time, `pace` for each second.

    Never more than the reserve. So what is paid at once over any span of time, a day in any time
    zone too, promised at most `pace` times that span and the reserve.
    """
    most = RESERVE * promised
    if spare is None or spare.seconds is None:
        return most
    passed = max((now - spare.at).total_seconds(), 0.0)
    return int(min(most, spare.seconds + pace * passed))


def spare_then(left: int, *, at: datetime, now: datetime, pace: int) -> int:
    """What must have been spare at an earlier time for `left` to be spare now, or a second more."""
    return max(left - int(pace * (now - at).total_seconds()), -LONGEST_DEBT)


def too_quick(*, words: int, since: datetime, now: datetime, pace: int) -> bool:
    """Whether so many words were answered half of `pace` times as quickly as an adult reads."""
    needed = max(words, FEWEST_WORDS) * 60 / (READS * pace / 2)
    return (now - since).total_seconds() < needed


def count_words(texts: Iterable[str]) -> int:
    """Words between spaces; of Chinese and Japanese, which have none, half of the letters."""
    return sum(len(text.split()) + len(_WITHOUT_SPACES.findall(text)) // 2 for text in texts)


def skips_before(*, skips: int, skipped: bool, judged: bool, pause: timedelta) -> int:
    """Skips in a row before the next lease; `skips` before the last one, which ended so.

    They start again after a judgement, and after a long pause: the next day is a new one.
    """
    if judged or pause >= ROW_ENDS_AFTER:
        return 0
    return min(skips + skipped, MOST_SKIPS)


def leads_to_a_break(*, skips: int) -> bool:
    """Whether one more skip after so many in a row leads to a break: each fifth does."""
    return (skips + 1) % SKIPS_TO_A_BREAK == 0


def quick_skip(*, skips: int, since: datetime, now: datetime, promised: int) -> bool:
    """Whether a skip after a row of others took less than half of the promised seconds.

    The first five in a row never do: somebody may pass on a few texts at once on a bad day.
    """
    return skips >= SKIPS_TO_A_BREAK and 2 * (now - since).total_seconds() < promised
