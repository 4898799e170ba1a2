"""Truth tables: what a pair's cohorts say together."""

from fractions import Fraction

import pytest

from annotations.datasets.consensus import Outcome, Tally, compared, outcome, pooled
from annotations.datasets.splits import split_of


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
    low, high = (beta.ppf(q, for_first, tally.n + 1 - for_first) for q in (0.05, 0.95))
    assert tally.clear is clear is not (low <= 0.5 <= high)


@pytest.mark.parametrize(
    ("lived", "clinical", "expected"),
    [
        ((3, 0, 0), None, Outcome.FIRST),
        ((0, 0, 3), None, Outcome.SECOND),
        ((1, 1, 1), None, Outcome.TIE),
        ((0, 3, 0), None, Outcome.TIE),
        ((1, 2, 0), None, Outcome.FIRST),
        ((3, 0, 0), (1, 0, 0), Outcome.FIRST),
        ((3, 0, 0), (0, 0, 1), Outcome.FIRST),  # .875 and .25
        ((2, 0, 1), (0, 0, 1), Outcome.SECOND),  # .625 and .25: cohorts, not heads
        ((1, 0, 0), (0, 0, 1), Outcome.TIE),
        ((3, 0, 0), (0, 0, 2), Outcome.FIRST),  # opposed, but two are not clear
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


def test_pooled_is_the_mean_of_cohorts() -> None:
    assert pooled({"a": Tally(3, 0, 0), "b": Tally(0, 0, 1)}) == Fraction(9, 16)


@pytest.mark.parametrize(
    ("ranking", "pairs"),
    [
        ([], []),
        ([["a"]], []),
        ([["a"], ["b"]], [("a", "b", 1)]),
        ([["b"], ["a"]], [("a", "b", -1)]),
        ([["b", "a"]], [("a", "b", 0)]),
        ([["a"], ["b"], ["c"]], [("a", "b", 1), ("b", "c", 1)]),  # neighbours alone
        ([["c"], ["a", "b"]], [("a", "b", 0), ("a", "c", -1), ("b", "c", -1)]),
    ],
)
def test_what_a_ranking_compares(
    ranking: list[list[str]], pairs: list[tuple[str, str, int]]
) -> None:
    assert sorted(compared(ranking)) == pairs


def test_splits_are_stable_and_about_eight_to_one_to_one() -> None:
    found = [split_of(study_id="s", split_group=str(n)) for n in range(2_000)]
    again = [split_of(study_id="s", split_group=str(n)) for n in range(2_000)]
    assert found == again
    assert 1_520 < found.count("train") < 1_680
    assert 150 < found.count("validation") < 250
    assert 150 < found.count("test") < 250
