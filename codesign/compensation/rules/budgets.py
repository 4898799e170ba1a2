"""Budgets: what is left, and when to warn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WARN_AT = (95, 80)
"""Percent of a budget, spent or reserved, at which the coordinators are told."""
LARGE_SHARE = 10
"""A round that costs more than one part in this number of the budget is confirmed first."""
LARGE_UNITS = 1_000
"""Without a budget: a round that costs more whole units of the currency is confirmed first."""


@dataclass(frozen=True, slots=True)
class Funds:
    """A budget in one currency and what is used of it, in minor units."""

    currency: str
    budget: int
    spent: int
    """Credited to people."""
    reserved: int
    """Pay of open assignments, pay that waits for a check, and pay that an appeal can grant."""

    @property
    def used(self) -> int:
        """Return what is spent or reserved."""
        return self.spent + self.reserved

    @property
    def left(self) -> int:
        """Return what new work may cost; negative if the budget was lowered below what is used."""
        return self.budget - self.used

    @property
    def percent(self) -> int:
        """Return the used part of the budget in percent, rounded down; 100 for a budget of zero."""
        return self.used * 100 // self.budget if self.budget else 100

    @property
    def warning(self) -> int | None:
        """Return the highest share in `WARN_AT` that is reached, or None."""
        return next((share for share in WARN_AT if self.percent >= share), None)


@dataclass(frozen=True, slots=True)
class Room:
    """What is left for leases, and what all people can take at once; minor units."""

    left: int
    at_once: int
    """For texts with one or two replies, at the highest rate that the study ever set."""


def is_large(*, cost: int, budget: int | None, unit: int) -> bool:
    """Return whether a round's cost is confirmed first. `unit`: minor units in a whole unit."""
    return cost > LARGE_UNITS * unit if budget is None else cost * LARGE_SHARE > budget


def not_covered(*, costs: Mapping[str, int], funds: Mapping[str, Funds]) -> list[str]:
    """Return the currencies in which a budget does not cover these costs."""
    return [code for code, cost in costs.items() if code in funds and cost > funds[code].left]
