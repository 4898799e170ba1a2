"""From what each person preferred to what a pair's cohorts prefer, equally weighted.

Each cohort's estimate is p = (w + t/2 + 1/2) / (n + 1), the mean under Jeffreys' prior, over votes
that weigh what their rankings do; its 90% interval is that posterior's over people, one vote each.
Exact fractions, so that a tie is a tie on every machine.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, product

HALF = Fraction(1, 2)
TAIL = 0.05
"""Each tail of a 90% interval."""
FEWEST = 3
"""Votes of a cohort below which no interval excludes one half, however much its people agree."""


class Outcome(StrEnum):
    """What became of a pair."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    CONTESTED = "contested"
    UNDECIDED = "undecided"


def weight(length: int) -> Fraction:
    """What each pair of a ranking of so many responses weighs, a tied pair as much as a strict one.

    All pairs of a ranking of k weigh k - 1 together. A tie takes no weight to the other pairs:
    otherwise whoever ties the rest would outvote two people who order all.
    """
    return Fraction(2, length)


@dataclass(frozen=True, slots=True)
class Tally:
    """How one cohort's people compared the first response of a pair with the second."""

    wins: int = 0
    ties: int = 0
    losses: int = 0
    by_length: tuple[tuple[int, int, int, int], ...] = ()
    """The same people as (length of the ranking, wins, ties, losses), where any is above two."""

    @property
    def n(self) -> int:
        """How many compared."""
        return self.wins + self.ties + self.losses

    @property
    def p(self) -> Fraction:
        """The cohort's estimated probability of preferring the first."""
        return _p(self.by_length or ((2, self.wins, self.ties, self.losses),))

    @property
    def votes(self) -> Fraction:
        """What all of its votes weigh together."""
        return _votes(self.by_length or ((2, self.wins, self.ties, self.losses),))

    @property
    def clear(self) -> bool:
        """Whether its people's 90% interval excludes one half, on the side of `p`."""
        below_half = _below_half(self.wins, self.ties, self.n)
        return below_half < TAIL if self.p > HALF else below_half > 1 - TAIL

    @classmethod
    def of(cls, sides: Iterable[tuple[int, int]]) -> Tally:
        """From votes: (1 for the first, 0 for a tie, -1 for the second; length of the ranking)."""
        counts: dict[int, list[int]] = {}
        for side, length in sides:
            counts.setdefault(length, [0, 0, 0])[1 - side] += 1
        wins, ties, losses = (sum(column) for column in zip(*counts.values(), strict=True))
        if counts.keys() == {2}:
            return cls(wins, ties, losses)
        rows = ((k, w, t, l) for k, (w, t, l) in sorted(counts.items()))  # noqa: E741
        return cls(wins, ties, losses, tuple(rows))


_Lengths = tuple[tuple[int, int, int, int], ...]


@functools.cache
def _votes(by_length: _Lengths) -> Fraction:
    return sum((weight(k) * (w + t + l) for k, w, t, l in by_length), Fraction(0))  # noqa: E741


@functools.cache
def _p(by_length: _Lengths) -> Fraction:
    for_first = sum((weight(k) * (w + Fraction(t, 2)) for k, w, t, _ in by_length), HALF)
    return for_first / (_votes(by_length) + 1)


@functools.cache
def _below_half(wins: int, ties: int, n: int) -> float:
    from scipy.special import betainc

    for_first = wins + ties / 2 + 0.5
    return float(betainc(for_first, n - for_first + 1, 0.5))


def pooled(cohorts: Mapping[str, Tally]) -> Fraction:
    """The mean of the cohorts' estimates: cohorts count equally, not heads."""
    return sum((tally.p for tally in cohorts.values()), Fraction(0)) / len(cohorts)


def outcome(cohorts: Mapping[str, Tally]) -> Outcome:
    """What a pair's cohorts, of which there is at least one, say together.

    Cohorts oppose where one leans to the first and another to the second; one that leans to
    neither opposes nobody. Where both sides are clear, the pair is contested. Where a side has no
    cohort of `FEWEST` votes, nobody can tell, and the pair is undecided.
    """
    for_first = [tally for tally in cohorts.values() if tally.p > HALF]
    for_second = [tally for tally in cohorts.values() if tally.p < HALF]
    if for_first and for_second:
        sides = (for_first, for_second)
        if all(any(tally.clear for tally in side) for side in sides):
            return Outcome.CONTESTED
        if any(max(tally.n for tally in side) < FEWEST for side in sides):
            return Outcome.UNDECIDED
    p = pooled(cohorts)
    if p == HALF:
        return Outcome.TIE
    return Outcome.FIRST if p > HALF else Outcome.SECOND


def compared(ranking: Sequence[Sequence[str]]) -> Iterator[tuple[str, str, int]]:
    """All pairs that a ranking (groups, best first) compares: (first, second, side), ids sorted."""
    for place, group in enumerate(ranking):
        for one, other in combinations(sorted(group), 2):
            yield one, other, 0
        for worse in ranking[place + 1 :]:
            for winner, loser in product(group, worse):
                if winner < loser:
                    yield winner, loser, 1
                else:
                    yield loser, winner, -1


def in_cycles(preferred: Iterable[tuple[str, str]]) -> dict[str, int]:
    """text → number of its cycle, for each text that is in one; of (preferred, to what).

    A cycle is a strongly connected component of two texts and more: along what is preferred, each
    leads to every other, so that no order of them keeps all of the preferences.
    """
    better: dict[str, set[str]] = {}
    for winner, loser in preferred:
        better.setdefault(winner, set()).add(loser)
    reached = {text: _reached(text, better) for text in better}
    found: dict[str, int] = {}
    for text in better:
        if text in reached[text] and text not in found:
            cycle = {other for other in reached[text] if text in reached.get(other, ())}
            found |= dict.fromkeys(cycle, len(found))
    return found


def _reached(text: str, better: Mapping[str, set[str]]) -> set[str]:
    """Everything to which a text leads."""
    seen: set[str] = set()
    waiting = [text]
    while waiting:
        for other in better.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
