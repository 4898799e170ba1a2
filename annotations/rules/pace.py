"""Which work is paid at once, and which pay a person looks at first (decision 20).

Nothing here refuses work or leaves it unpaid: it says what somebody should look at. It knows the
server's clock and what was shown, never what a client claims.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

RESERVE = 5
"""Pieces of work that are paid at once however quick they are, where none was done just before."""
READS = 250
"""Words a minute that an adult reads silently: 238 in Brysbaert (2019), over 190 studies."""
FEWEST_WORDS = 30
"""To answer takes a moment too: as long as to read so many words."""
SKIPS_TO_A_BREAK = 5
"""Skips in a row, without a judgement between, after which a break is offered."""
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
    """Whether so many words were answered `pace` times as quickly as an adult reads them."""
    needed = max(words, FEWEST_WORDS) * 60 / (READS * pace)
    return (now - since).total_seconds() < needed


def count_words(texts: Iterable[str]) -> int:
    """Words between spaces. Scripts without spaces have few: nobody is too quick in them."""
    return sum(len(text.split()) for text in texts)


def skips_before(*, skips: int, skipped: bool, judged: bool, same_sitting: bool) -> int:
    """Skips in a row before the next lease; `skips` before the last one, which ended so.

    They start again after a judgement, a longer pause, and the break that they lead to.
    """
    if judged or not same_sitting:
        return 0
    following = skips + skipped
    return 0 if following >= SKIPS_TO_A_BREAK else following


def leads_to_a_break(*, skips: int) -> bool:
    """Whether one more skip after so many in a row leads to a break."""
    return skips + 1 >= SKIPS_TO_A_BREAK
