"""Least hourly pay: the norms that are known, and which of them hold for a rate (standards 3.2).

Amounts are minor units an hour. A currency without a norm has no floor, because a converted amount
would be an invention.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from codesign.compensation.rules.pay_rates import hourly_minor
from codesign.shared.money import format_money


@dataclass(frozen=True, slots=True)
class Floor:
    """One norm from a date on. `country` is ISO 3166 with two letters; "" is every country."""

    norm: str
    country: str
    currency: str
    minimum_minor: int | None
    recommended_minor: int | None
    valid_from: date
    source: str

    @property
    def replaces(self) -> tuple[str, str, str]:
        """Return what a later floor has in common with the one that it replaces."""
        return self.norm, self.country, self.currency


_PROLIFIC = "Prolific's help page “Prolific's payment principles”, read in November 2026"
_LIVING_WAGE = "Living Wage Foundation, rates announced in October 2025"
SEEDED = (
    Floor("Prolific", "", "GBP", 600, 900, date(2026, 11, 1), _PROLIFIC),
    Floor("Prolific", "", "USD", 800, 1200, date(2026, 11, 1), _PROLIFIC),
    Floor("UK Real Living Wage", "GB", "GBP", None, 1345, date(2025, 10, 22), _LIVING_WAGE),
    Floor("London Living Wage", "GB", "GBP", None, 1480, date(2025, 10, 22), _LIVING_WAGE),
)
"""Norms that every installation knows. Operators add others, and later dates of these."""


def in_force(
    floors: Iterable[Floor], *, countries: Collection[str], currency: str, on: date
) -> list[Floor]:
    """Return the floors that hold on a day in these countries, the latest of each norm."""
    latest: dict[tuple[str, str, str], Floor] = {}
    for floor in sorted(floors, key=lambda floor: floor.valid_from):
        applies = floor.country in ("", *countries) and floor.currency == currency
        if applies and floor.valid_from <= on:
            latest[floor.replaces] = floor
    return sorted(latest.values(), key=lambda floor: (floor.country, floor.recommended_minor or 0))


def refusal_words(
    floors: Iterable[Floor], *, amount_minor: int, currency: str, estimated_seconds: int
) -> str:
    """Return why a rate is refused: the highest minimum that it is below, else ""."""
    hourly = hourly_minor(amount_minor=amount_minor, estimated_seconds=estimated_seconds)
    minimums = [(floor.minimum_minor, floor.norm) for floor in floors if floor.minimum_minor]
    minimum, norm = max(minimums, default=(0, ""))
    if hourly >= minimum:
        return ""
    return _(
        "%(hourly)s an hour is below the minimum of %(minimum)s an hour (%(norm)s). Pay at least"
        " %(least)s for this time."
    ) % {
        "hourly": format_money(hourly, currency),
        "minimum": format_money(minimum, currency),
        "norm": norm,
        "least": format_money(-(-minimum * estimated_seconds // 3600), currency),
    }


def warning_words(
    floors: Iterable[Floor], *, amount_minor: int, currency: str, estimated_seconds: int
) -> str:
    """Return which recommendations a rate does not reach, else ""."""
    hourly = hourly_minor(amount_minor=amount_minor, estimated_seconds=estimated_seconds)
    higher = [
        _("%(norm)s %(amount)s")
        % {"norm": floor.norm, "amount": format_money(floor.recommended_minor, currency)}
        for floor in floors
        if floor.recommended_minor and floor.recommended_minor > hourly
    ]
    if not higher:
        return ""
    return _("%(hourly)s an hour is low. Recommended for one hour: %(norms)s.") % {
        "hourly": format_money(hourly, currency),
        "norms": ", ".join(higher),
    }
