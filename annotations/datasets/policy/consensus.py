"""What a pair's cohorts prefer together, cohorts counting equally and not heads.

Each cohort's estimate is p = (w + t/2 + 1/2) / (n + 1), the mean of the posterior under Jeffreys'
prior, over votes that weigh 2/k in a ranking of k responses. Its 90% interval is that posterior's
over people, one vote each. Fractions are exact, so that a tie is a tie on every machine.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

HALF = Fraction(1, 2)
TAIL = 0.05
"""The probability in each tail outside a 90% interval."""
MIN_PEOPLE_TO_BE_CLEAR = 3
"""With fewer people in a cohort, no interval excludes one half, even if they all agree."""


class Outcome(StrEnum):
    """The result of the votes on a pair; even, if exactly half of them are for each response."""

    FIRST = "first"
    SECOND = "second"
    EVEN = "even"
    CONTESTED = "contested"
    UNDECIDED = "undecided"


def vote_weight(ranking_length: int) -> Fraction:
    """The weight of one pair, strict or tied, from a ranking of that many responses.

    All pairs of a ranking of k weigh k - 1 together. Ties keep their weight: if they gave it to the
    strict pairs, one person who ties three of four responses would outvote two who order all four.
    """
    return Fraction(2, ranking_length)


class VoteCounts(NamedTuple):
    """How the people who ranked that many responses voted on a pair."""

    ranking_length: int
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How the people of one cohort compared the first response of a pair with the second."""

    wins: int = 0
    ties: int = 0
    losses: int = 0
    by_ranking_length: tuple[VoteCounts, ...] = ()
    """The same people by the length of their rankings; empty if all ranked two responses."""

    @property
    def people(self) -> int:
        """How many people compared the two."""
        return self.wins + self.ties + self.losses

    @property
    def p(self) -> Fraction:
        """The cohort's estimated probability of preferring the first response."""
        return _estimate(self._counts)

    @property
    def weight(self) -> Fraction:
        """The weight of all votes together."""
        return _total_weight(self._counts)

    @property
    def is_clear(self) -> bool:
        """Whether the 90% interval excludes one half, on the side of `p`."""
        below_half = _probability_below_half(self.wins, self.ties, self.people)
        return below_half < TAIL if self.p > HALF else below_half > 1 - TAIL

    @property
    def _counts(self) -> tuple[VoteCounts, ...]:
        return self.by_ranking_length or (VoteCounts(2, self.wins, self.ties, self.losses),)

    @classmethod
    def of(cls, votes: Iterable[tuple[int, int]]) -> Tally:
        """Count votes, each (side, length of the ranking); the sides are those of `Comparison`."""
        by_length: dict[int, list[int]] = {}
        for side, ranking_length in votes:
            by_length.setdefault(ranking_length, [0, 0, 0])[1 - side] += 1
        wins, ties, losses = (sum(counts) for counts in zip(*by_length.values(), strict=True))
        if by_length.keys() == {2}:
            return cls(wins, ties, losses)
        rows = (VoteCounts(length, *counts) for length, counts in sorted(by_length.items()))
        return cls(wins, ties, losses, tuple(rows))


@functools.cache
def _total_weight(counts: tuple[VoteCounts, ...]) -> Fraction:
    people = ((c.ranking_length, c.wins + c.ties + c.losses) for c in counts)
    return sum((vote_weight(length) * number for length, number in people), Fraction(0))


@functools.cache
def _estimate(counts: tuple[VoteCounts, ...]) -> Fraction:
    for_first = HALF
    for c in counts:
        for_first += vote_weight(c.ranking_length) * (c.wins + Fraction(c.ties, 2))
    return for_first / (_total_weight(counts) + 1)


@functools.cache
def _probability_below_half(wins: int, ties: int, people: int) -> float:
    from scipy.special import betainc

    for_first = wins + ties / 2 + 0.5
    return float(betainc(for_first, people - for_first + 1, 0.5))


def pooled(cohorts: Mapping[str, Tally]) -> Fraction:
    """The mean of the cohorts' estimates: cohorts count equally, not heads."""
    return sum((tally.p for tally in cohorts.values()), Fraction(0)) / len(cohorts)


def outcome(cohorts: Mapping[str, Tally]) -> Outcome:
    """What the cohorts of a pair say together; there is at least one cohort.

    Cohorts oppose each other if one leans to the first response and one to the second; a cohort at
    exactly one half opposes nobody. If both sides have a clear cohort, the pair is contested. If a
    side has no cohort with enough people to be clear, the pair is undecided.
    """
    for_first = [tally for tally in cohorts.values() if tally.p > HALF]
    for_second = [tally for tally in cohorts.values() if tally.p < HALF]
    if for_first and for_second:
        sides = (for_first, for_second)
        if all(any(tally.is_clear for tally in side) for side in sides):
            return Outcome.CONTESTED
        if any(max(tally.people for tally in side) < MIN_PEOPLE_TO_BE_CLEAR for side in sides):
            return Outcome.UNDECIDED
    p = pooled(cohorts)
    if p == HALF:
        return Outcome.EVEN
    return Outcome.FIRST if p > HALF else Outcome.SECOND
