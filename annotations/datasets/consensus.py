"""From what each person preferred to what a pair's cohorts prefer, equally weighted.

Each cohort's estimate is p = (w + t/2 + 1/2) / (n + 1), the mean under Jeffreys' prior; its 90%
interval is that posterior's. Exact fractions, so that a tie is a tie on every machine.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, pairwise, product

HALF = Fraction(1, 2)
TAIL = 0.05
"""Each tail of a 90% interval."""


class Outcome(StrEnum):
    """What became of a pair."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class Tally:
    """How one cohort's people compared the first response of a pair with the second."""

    wins: int = 0
    ties: int = 0
    losses: int = 0

    @property
    def n(self) -> int:
        """How many compared."""
        return self.wins + self.ties + self.losses

    @property
    def p(self) -> Fraction:
        """The cohort's estimated probability of preferring the first."""
        return _p(self.wins, self.ties, self.n)

    @property
    def clear(self) -> bool:
        """Whether the 90% interval of `p` excludes one half."""
        return _clear(self.wins, self.ties, self.n)

    @classmethod
    def of(cls, sides: Iterable[int]) -> Tally:
        """From votes: 1 for the first, 0 for a tie, -1 for the second."""
        votes = list(sides)
        return cls(votes.count(1), votes.count(0), votes.count(-1))


@functools.cache
def _p(wins: int, ties: int, n: int) -> Fraction:
    return (wins + Fraction(ties, 2) + HALF) / (n + 1)


@functools.cache
def _clear(wins: int, ties: int, n: int) -> bool:
    from scipy.special import betainc

    for_first = wins + ties / 2 + 0.5
    below_half = float(betainc(for_first, n - for_first + 1, 0.5))
    return below_half < TAIL or below_half > 1 - TAIL


def pooled(cohorts: Mapping[str, Tally]) -> Fraction:
    """The mean of the cohorts' estimates: cohorts count equally, not heads."""
    return sum((tally.p for tally in cohorts.values()), Fraction(0)) / len(cohorts)


def outcome(cohorts: Mapping[str, Tally]) -> Outcome:
    """What a pair's cohorts, of which there is at least one, say together."""
    sides = [tally.p for tally in cohorts.values()]
    if min(sides) < HALF < max(sides):
        clear = [tally.p for tally in cohorts.values() if tally.p != HALF and tally.clear]
        if clear and min(clear) < HALF < max(clear):
            return Outcome.CONTESTED
    p = pooled(cohorts)
    if p == HALF:
        return Outcome.TIE
    return Outcome.FIRST if p > HALF else Outcome.SECOND


def compared(ranking: Sequence[Sequence[str]]) -> Iterator[tuple[str, str, int]]:
    """Pairs that a ranking (groups, best first) compares: (first, second, side), ids sorted.

    Ties within a group, and strict pairs of neighbouring groups alone, so that a long ranking
    does not count for more than a short one.
    """
    for group in ranking:
        for one, other in combinations(sorted(group), 2):
            yield one, other, 0
    for better, worse in pairwise(ranking):
        for winner, loser in product(better, worse):
            if winner < loser:
                yield winner, loser, 1
            else:
                yield loser, winner, -1
