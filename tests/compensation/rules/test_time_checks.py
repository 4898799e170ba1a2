"""Adjustments for work that took longer than promised."""

from __future__ import annotations

import pytest

from codesign.compensation.rules.time_checks import adjustment_minor, median_permille


@pytest.mark.parametrize(
    ("times", "permille"),
    [
        ([(180_000, 180)], 1000),
        ([(90_000, 180), (180_000, 180), (3_600_000, 180)], 1000),  # one long pause changes nothing
        ([(234_000, 180), (351_000, 270)], 1300),  # the share, for texts of each length
        ([(180_001, 180)], 1001),  # rounded up
        ([(180_000, 180), (270_000, 180)], 1250),  # between the middle two
        ([(0, 180)], 0),
    ],
)
def test_the_median_share_of_the_promised_time(times: list[tuple[int, int]], permille: int) -> None:
    assert median_permille(times) == permille


@pytest.mark.parametrize(
    ("earned", "permille", "added"),
    [(80, 1000, 0), (80, 999, 0), (80, 1, 0), (80, 1250, 20), (80, 1001, 1), (1600, 1300, 480),
     (10**12, 2000, 10**12), (0, 5000, 0)],
)  # fmt: skip
def test_the_adjustment_brings_pay_up_to_the_promise(
    earned: int, permille: int, added: int
) -> None:
    assert adjustment_minor(earned_minor=earned, permille=permille) == added


def test_the_hourly_rate_that_results_is_never_below_the_promise() -> None:
    for permille in range(1001, 3000, 37):
        for earned in (1, 79, 80, 1600, 12_345):
            paid = earned + adjustment_minor(earned_minor=earned, permille=permille)
            assert paid * 1000 >= earned * permille
