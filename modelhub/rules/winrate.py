"""Win rates with intervals that respect that comparisons of one prompt go together.

Naive Wilson intervals covered 80-88% where 95% was claimed (40 prompts, 5 raters each);
prompt-clustered t covered 94.6% (shared statistics of the project, reproduced in the tests).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

P = TypeVar("P", bound=Hashable)


@dataclass(frozen=True)
class WinRate:
    """(wins + ties/2) / n; `low` and `high` are None with fewer than two prompts."""

    wins: int
    ties: int
    losses: int
    prompts: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def comparisons(self) -> int:
        """How many judgements it rests on."""
        return self.wins + self.ties + self.losses

    @property
    def leans(self) -> str:
        """`child` or `parent` where the whole interval lies on their side of a half, else empty.

        `same` where every prompt came out alike: an interval without width says nothing of how
        sure that is.
        """
        if self.low is None or self.high is None:
            return ""
        if self.low == self.high:
            return "same"
        if self.low > 0.5:
            return "child"
        return "parent" if self.high < 0.5 else ""


def win_rate(scores: Mapping[P, Sequence[float]], level: float = 0.95) -> WinRate:
    """The child's win rate from prompt → scores (1 child won, 0.5 tie, 0 parent won).

    Interval: ratio estimator with prompts as clusters, variance G/(G-1) · Σ(s_i - p n_i)² / N²,
    Student's t with G-1 degrees of freedom, held to 0..1.
    """
    clusters = [list(values) for values in scores.values() if values]
    flat = [score for values in clusters for score in values]
    n, count = len(flat), len(clusters)
    wins, losses = flat.count(1.0), flat.count(0.0)
    if not n:
        return WinRate(0, 0, 0, 0, None, None, None)
    rate = sum(flat) / n
    low = high = None
    if count > 1:
        from scipy.special import stdtrit

        residuals = [sum(values) - rate * len(values) for values in clusters]
        error = sqrt(count / (count - 1) * sum(r * r for r in residuals)) / n
        reach = float(stdtrit(count - 1, (1 + level) / 2)) * error
        low, high = max(0.0, rate - reach), min(1.0, rate + reach)
    return WinRate(wins, n - wins - losses, losses, count, rate, low, high)
