"""Win rates with intervals that account for comparisons being clustered by prompt.

The interval is by Korn and Graubard (1998): the exact Clopper-Pearson interval for the effective
number of comparisons. Its width is positive at 0% and 100% too. In simulations with 40 prompts, 5
raters and a correlation within prompts of 0.1 to 0.6, the 95% interval covered 94-100% at true
rates from 0.5 to 1. Naive Wilson intervals covered 70-93%, and a clustered t interval 94% at a
rate of 0.8 and 55-81% at 0.99 (decision 23).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

P = TypeVar("P", bound=Hashable)


@dataclass(frozen=True)
class WinRate:
    """`rate` is (wins + ties/2) / n. `rate`, `low` and `high` are None if nothing was judged."""

    wins: int
    ties: int
    losses: int
    prompts: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def comparisons(self) -> int:
        """The number of judgements."""
        return self.wins + self.ties + self.losses

    @property
    def leans(self) -> str:
        """`child` or `parent` if the whole interval is on that side of 50%, else empty."""
        if self.low is None or self.high is None:
            return ""
        if self.low > 0.5:
            return "child"
        return "parent" if self.high < 0.5 else ""


def win_rate(scores: Mapping[P, Sequence[float]], level: float = 0.95) -> WinRate:
    """Return the child's win rate. `scores` has, by prompt: 1 child won, 0.5 tie, 0 parent won."""
    clusters = [list(values) for values in scores.values() if values]
    flat = [score for values in clusters for score in values]
    n = len(flat)
    wins, losses = flat.count(1.0), flat.count(0.0)
    if not n:
        return WinRate(0, 0, 0, 0, None, None, None)
    rate = sum(flat) / n
    low, high = exact_interval(rate=rate, n=_effective_size(clusters, rate, level), level=level)
    return WinRate(wins, n - wins - losses, losses, len(clusters), rate, low, high)


def exact_interval(*, rate: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval (1934) of a rate among `n`, which may be fractional."""
    from scipy.special import betaincinv

    won, tail = rate * n, (1 - level) / 2
    lost = n - won
    low = float(betaincinv(won, lost + 1, tail)) if won > 0 else 0.0
    high = float(betaincinv(won + 1, lost, 1 - tail)) if lost > 0 else 1.0
    return low, high


def _effective_size(clusters: Sequence[Sequence[float]], rate: float, level: float) -> float:
    """Return the effective number of independent comparisons, at most the actual number.

    The variance of the rate is that of the ratio estimator with prompts as clusters,
    G/(G-1) · Σ(s - p n)² / N², with the degrees of freedom of Student's t. If all prompts have the
    same result, the variance is 0 and useless: then each prompt counts once, as if its raters
    always agreed.
    """
    from scipy.special import ndtri, stdtrit

    count, n = len(clusters), sum(map(len, clusters))
    squares = sum((sum(values) - rate * len(values)) ** 2 for values in clusters)
    if count < 2 or squares < 1e-12 or not 0 < rate < 1:  # rates are sums of halves, rounded
        return float(count)
    variance = count / (count - 1) * squares / n**2
    middle = (1 + level) / 2
    few = (float(ndtri(middle)) / float(stdtrit(count - 1, middle))) ** 2
    return min(float(n), rate * (1 - rate) / variance) * few
