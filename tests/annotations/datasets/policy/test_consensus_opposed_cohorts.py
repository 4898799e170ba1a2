"""What the rule for cohorts that oppose each other loses and catches, at few votes (decision 22).

Every outcome of two cohorts' votes is gone through with its probability, so that nothing is drawn.
A person votes for their cohort's side with probability `SURE`, ties with `TIED`, else the other.
"""

from __future__ import annotations

from math import comb

import pytest

from annotations.datasets.policy.consensus import Outcome, Tally, outcome

SURE, TIED = 0.8, 0.1
LOST = (Outcome.CONTESTED, Outcome.UNDECIDED)


def tallies(n: int, *, for_first: bool) -> list[tuple[Tally, float]]:
    """Every way in which n people of one cohort may vote, and how probable it is."""
    win, lose = (SURE, 1 - SURE - TIED) if for_first else (1 - SURE - TIED, SURE)
    return [
        (
            Tally(w, n - w - l, l),
            comb(n, w) * comb(n - w, l) * win**w * lose**l * TIED ** (n - w - l),
        )
        for w in range(n + 1)
        for l in range(n - w + 1)  # noqa: E741
    ]


def shares(lived: int, clinical: int, *, agree: bool) -> dict[Outcome, float]:
    """Outcome → its probability, where the lived cohort prefers the first."""
    probabilities = dict.fromkeys(Outcome, 0.0)
    for one, p in tallies(lived, for_first=True):
        for other, q in tallies(clinical, for_first=agree):
            probabilities[outcome({"lived": one, "clinical": other})] += p * q
    assert sum(probabilities.values()) == pytest.approx(1)
    return probabilities


@pytest.mark.parametrize(
    ("lived", "clinical", "lost", "caught", "released"),
    [
        (1, 1, 0.160, 0.650, 0.340),
        (2, 2, 0.048, 0.641, 0.330),
        (3, 3, 0.001, 0.262, 0.651),
        (5, 5, 0.000, 0.284, 0.634),
        (3, 1, 0.117, 0.739, 0.256),
        (3, 2, 0.052, 0.737, 0.255),
        (5, 1, 0.106, 0.776, 0.222),
    ],
)
def test_error_rates_of_the_consensus_rule(
    lived: int, clinical: int, lost: float, caught: float, released: float
) -> None:
    """Of true agreement: lost. Of true opposition: caught (listed), or released all the same."""
    agreed = shares(lived, clinical, agree=True)
    opposed = shares(lived, clinical, agree=False)
    rates = (
        sum(agreed[one] for one in LOST),
        sum(opposed[one] for one in LOST),
        opposed[Outcome.FIRST] + opposed[Outcome.SECOND],
    )
    assert rates == pytest.approx((lost, caught, released), abs=0.0006)
