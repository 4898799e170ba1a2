"""Truth tables: what a pair's cohorts say together."""

from fractions import Fraction

import pytest

from annotations.datasets.policy.consensus import (
    MIN_PEOPLE_TO_BE_CLEAR,
    Outcome,
    Tally,
    outcome,
    pooled,
    vote_weight,
)
from annotations.datasets.policy.pairs import compared_pairs


@pytest.mark.parametrize(
    ("wins", "ties", "losses", "p"),
    [
        (1, 0, 0, Fraction(3, 4)),
        (0, 0, 1, Fraction(1, 4)),
        (0, 1, 0, Fraction(1, 2)),
        (3, 0, 0, Fraction(7, 8)),
        (2, 0, 1, Fraction(5, 8)),
        (1, 2, 0, Fraction(5, 8)),
        (1, 1, 1, Fraction(1, 2)),
    ],
)
def test_estimate_of_a_cohort(wins: int, ties: int, losses: int, p: Fraction) -> None:
    """p = (w + t/2 + 1/2) / (n + 1)."""
    assert Tally(wins, ties, losses).p == p


@pytest.mark.parametrize(
    ("tally", "clear"),
    [
        (Tally(1, 0, 0), False),
        (Tally(2, 0, 0), False),
        (Tally(3, 0, 0), True),
        (Tally(0, 0, 3), True),
        (Tally(3, 0, 1), False),
        (Tally(0, 6, 0), False),
        (Tally(9, 0, 3), True),
    ],
)
def test_ninety_percent_interval_excludes_a_half(tally: Tally, clear: bool) -> None:
    from scipy.stats import beta

    for_first = tally.wins + tally.ties / 2 + 0.5
    low, high = (beta.ppf(q, for_first, tally.people + 1 - for_first) for q in (0.05, 0.95))
    assert tally.is_clear is clear is not (low <= 0.5 <= high)


@pytest.mark.parametrize(
    ("lived", "clinical", "expected"),
    [
        ((3, 0, 0), None, Outcome.FIRST),
        ((0, 0, 3), None, Outcome.SECOND),
        ((1, 1, 1), None, Outcome.EVEN),
        ((0, 3, 0), None, Outcome.EVEN),
        ((1, 2, 0), None, Outcome.FIRST),
        ((3, 0, 0), (1, 0, 0), Outcome.FIRST),
        ((3, 0, 0), (0, 0, 1), Outcome.UNDECIDED),  # one vote can never be clear
        ((2, 0, 1), (0, 0, 1), Outcome.UNDECIDED),
        ((1, 0, 0), (0, 0, 1), Outcome.UNDECIDED),
        ((2, 0, 0), (0, 0, 3), Outcome.UNDECIDED),  # seen as agreement, with p .52 and margin 0
        ((3, 0, 0), (0, 0, 2), Outcome.UNDECIDED),
        ((3, 0, 0), (0, 1, 1), Outcome.UNDECIDED),
        ((9, 0, 0), (0, 0, 2), Outcome.UNDECIDED),
        ((3, 0, 0), (1, 0, 2), Outcome.FIRST),  # opposed; three are not clear, and could have been
        ((2, 0, 1), (0, 0, 3), Outcome.SECOND),
        ((2, 0, 1), (1, 0, 2), Outcome.EVEN),
        ((3, 0, 0), (0, 1, 0), Outcome.FIRST),  # a cohort at .5 opposes nobody
        ((0, 0, 3), (1, 0, 1), Outcome.SECOND),
        ((1, 0, 0), (0, 2, 0), Outcome.FIRST),
        ((0, 1, 0), (1, 0, 1), Outcome.EVEN),
        ((3, 0, 0), (0, 0, 3), Outcome.CONTESTED),
        ((0, 0, 5), (4, 0, 0), Outcome.CONTESTED),
        ((30, 0, 1), (0, 0, 3), Outcome.CONTESTED),
        ((3, 0, 0), (3, 0, 0), Outcome.FIRST),
    ],
)
def test_cohorts_count_equally(
    lived: tuple[int, int, int], clinical: tuple[int, int, int] | None, expected: Outcome
) -> None:
    cohorts = {"lived": Tally(*lived)}
    if clinical:
        cohorts["clinical"] = Tally(*clinical)
    assert outcome(cohorts) is expected


@pytest.mark.parametrize(
    ("cohorts", "expected"),
    [
        ([(3, 0, 0), (0, 0, 3), (0, 0, 1)], Outcome.CONTESTED),  # both sides have a clear one
        ([(4, 0, 0), (1, 0, 2), (0, 1, 1)], Outcome.FIRST),  # both sides have one that could be
        ([(3, 0, 0), (0, 0, 1), (0, 0, 2)], Outcome.UNDECIDED),
        ([(1, 0, 0), (0, 0, 3), (0, 1, 0)], Outcome.UNDECIDED),
        ([(1, 0, 0), (2, 0, 0), (0, 3, 0)], Outcome.FIRST),
    ],
)
def test_each_side_is_as_clear_as_its_clearest_cohort(
    cohorts: list[tuple[int, int, int]], expected: Outcome
) -> None:
    assert outcome({str(n): Tally(*tally) for n, tally in enumerate(cohorts)}) is expected


def test_fewer_votes_than_three_are_never_clear() -> None:
    is_clear = {n: Tally(n, 0, 0).is_clear or Tally(0, 0, n).is_clear for n in range(1, 6)}
    assert is_clear == {n: n >= MIN_PEOPLE_TO_BE_CLEAR for n in range(1, 6)}


@pytest.mark.parametrize("length", range(2, 50))
def test_all_pairs_of_a_ranking_weigh_as_much_as_its_neighbours_would(length: int) -> None:
    """A ranking of k counts as k - 1 comparisons, with ties and without."""
    names = [f"r{n:02}" for n in range(length)]
    for ranking in ([[name] for name in names], [names[:1], names[1:]], [names]):
        assert len(list(compared_pairs(ranking))) * vote_weight(length) == length - 1


def test_the_weight_of_a_vote_depends_on_its_ranking() -> None:
    """Two of three responses, and one of two: (2/3 · 2 + 1/2) / (4/3 + 1 + 1)."""
    mixed = Tally.of([(1, 3), (1, 3), (-1, 2)])
    assert (mixed.wins, mixed.ties, mixed.losses, mixed.people) == (2, 0, 1, 3)
    assert mixed.weight == Fraction(7, 3)
    assert mixed.p == Fraction(11, 20)
    assert Tally.of([(1, 2), (0, 2), (-1, 2)]) == Tally(1, 1, 1)
    assert Tally.of([(1, 4), (0, 4)]).p == Fraction(5, 8)  # (1/2 + 1/4 + 1/2) / (1 + 1)


def test_pooled_is_the_mean_of_cohorts() -> None:
    assert pooled({"a": Tally(3, 0, 0), "b": Tally(0, 0, 1)}) == Fraction(9, 16)
