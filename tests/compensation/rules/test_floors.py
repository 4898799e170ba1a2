"""Floors of hourly pay: which hold, what they refuse and what they warn of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from codesign.compensation.rules import floors
from codesign.compensation.rules.floors import SEEDED, Floor

TODAY = date(2026, 11, 30)


def held(currency: str, countries: Sequence[str] = (), *more: Floor) -> list[Floor]:
    return floors.in_force((*SEEDED, *more), countries=countries, currency=currency, on=TODAY)


# (pay, currency, seconds), countries → the beginning of a refusal, of a warning
RATES = [
    ((20, "GBP", 300), (), "£2.40 an hour is below the minimum of £6.00 an hour (Prolific).", ""),
    ((599, "GBP", 3600), ("FR",), "£5.99 an hour is below the minimum of £6.00", ""),
    ((600, "GBP", 3600), (), "", "£6.00 an hour is low. Recommended for one hour: Prolific £9.00."),
    ((899, "GBP", 3600), (), "", "£8.99 an hour is low."),
    ((900, "GBP", 3600), (), "", ""),
    ((900, "GBP", 3600), ("GB",), "",
     "£9.00 an hour is low. Recommended for one hour: UK Real Living Wage £13.45, London Living"
     " Wage £14.80."),
    ((1345, "GBP", 3600), ("GB",), "", "£13.45 an hour is low. Recommended for one hour: London"),
    ((1480, "GBP", 3600), ("GB",), "", ""),
    ((799, "USD", 3600), (), "US$7.99 an hour is below the minimum of US$8.00", ""),
    ((1199, "USD", 3600), (), "", "US$11.99 an hour is low. Recommended for one hour: Prolific"),
    ((1200, "USD", 3600), ("GB",), "", ""),
    ((1, "EUR", 3600), (), "", ""),
    ((1, "IDR", 3600), ("GB",), "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "countries", "refused", "warned"), RATES)
def test_rates_by_floor(  # standards 3.2
    rate: tuple[int, str, int], countries: Sequence[str], refused: str, warned: str
) -> None:
    amount, currency, seconds = rate
    of = {"amount_minor": amount, "currency": currency, "estimated_seconds": seconds}
    refusal = floors.refusal_words(held(currency, countries), **of)  # type: ignore[arg-type]
    warning = floors.warning_words(held(currency, countries), **of)  # type: ignore[arg-type]
    assert bool(refusal) is bool(refused)
    assert refusal.startswith(refused)
    assert refused or bool(warning) is bool(warned)
    assert refused or warning.startswith(warned)


@pytest.mark.parametrize(("seconds", "least"), [(180, "£0.30"), (181, "£0.31"), (3600, "£6.00")])
def test_a_refusal_says_the_least_pay_for_the_time(seconds: int, least: str) -> None:
    says = floors.refusal_words(
        held("GBP"), amount_minor=1, currency="GBP", estimated_seconds=seconds
    )
    assert f"Pay at least {least} for this time." in says


def test_the_latest_date_of_a_norm_counts() -> None:
    older, later, future = (
        Floor("Prolific", "", "GBP", minimum, None, since, "")
        for minimum, since in (
            (500, date(2020, 1, 1)), (700, TODAY), (900, date(2026, 12, 1)),
        )
    )  # fmt: skip
    assert held("GBP", (), future, later, older) == [later]
