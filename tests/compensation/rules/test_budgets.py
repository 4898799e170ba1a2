"""Budgets: what is left, when to warn, and which rounds are confirmed first."""

from __future__ import annotations

import pytest

from codesign.compensation.rules.budgets import Funds, is_large, not_covered


@pytest.mark.parametrize(
    ("budget", "spent", "reserved", "left", "percent", "warning"),
    [
        (1000, 0, 0, 1000, 0, None),
        (1000, 700, 99, 201, 79, None),
        (1000, 700, 100, 200, 80, 80),
        (1000, 949, 0, 51, 94, 80),
        (1000, 900, 50, 50, 95, 95),
        (1000, 1000, 80, -80, 108, 95),
        (0, 0, 0, 0, 100, 95),
    ],
)
def test_what_is_left_of_a_budget(
    budget: int, spent: int, reserved: int, left: int, percent: int, warning: int | None
) -> None:
    funds = Funds("GBP", budget=budget, spent=spent, reserved=reserved)
    assert (funds.left, funds.percent, funds.warning) == (left, percent, warning)


@pytest.mark.parametrize(
    ("cost", "budget", "unit", "large"),
    [
        (100_000, None, 100, False),
        (100_001, None, 100, True),
        (1_000, None, 1, False),
        (1_001, None, 1, True),
        (100, 1000, 100, False),
        (101, 1000, 100, True),
        (1, 0, 100, True),
        (0, 0, 100, False),
    ],
)
def test_which_rounds_are_confirmed_first(
    cost: int, budget: int | None, unit: int, large: bool
) -> None:
    assert is_large(cost=cost, budget=budget, unit=unit) is large


def test_costs_are_compared_with_the_budget_of_their_currency() -> None:
    funds = {"GBP": Funds("GBP", 1000, 100, 100), "EUR": Funds("EUR", 10, 0, 0)}
    assert not_covered(costs={"GBP": 800, "JPY": 10**9}, funds=funds) == []
    assert not_covered(costs={"GBP": 801, "EUR": 11}, funds=funds) == ["GBP", "EUR"]
