"""Money is exact in every currency's own minor unit (standards 3.10)."""

from __future__ import annotations

import pytest
from django.utils import translation

from codesign.shared.money import exponent, format_money


@pytest.mark.parametrize(
    ("minor", "currency", "read"),
    [
        (640, "GBP", "£6.40"),
        (128440, "GBP", "£1,284.40"),
        (-5, "EUR", "−€0.05"),
        (1200, "JPY", "¥1,200"),
        (1234567, "KWD", "KWD\N{NO-BREAK SPACE}1,234.567"),
        (0, "USD", "US$0.00"),
        (10**17 + 1, "GBP", "£1,000,000,000,000,000.01"),
    ],
)
def test_amounts_read_exactly(minor: int, currency: str, read: str) -> None:  # standards 3.10
    assert format_money(minor, currency) == read


def test_figures_follow_the_language_of_the_page() -> None:
    with translation.override("de"):
        assert format_money(128440, "GBP") == "£1.284,40"


@pytest.mark.parametrize(("currency", "places"), [("gbp", 2), ("ISK", 0), ("BHD", 3), ("UYW", 4)])
def test_decimal_places_are_those_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places
