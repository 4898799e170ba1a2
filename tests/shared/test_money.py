"""Money is exact in every currency's own minor unit (standards 3.10)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from babel.numbers import get_currency_precision
from django.db import connection
from django.utils import translation
from iso4217 import Currency

from codesign.shared.money import CURRENCIES, exponent, format_money, read_money, rounded_up


@pytest.mark.parametrize(
    ("minor", "currency", "read"),
    [
        (640, "GBP", "£6.40"),
        (128440, "GBP", "£1,284.40"),
        (-5, "EUR", "−€0.05"),
        (1200, "JPY", "¥1,200"),
        (1234567, "KWD", "KWD\N{NO-BREAK SPACE}1,234.567"),
        (4_300_000_000, "IDR", "IDR\N{NO-BREAK SPACE}43,000,000.00"),
        (0, "USD", "US$0.00"),
        (10**17 + 1, "GBP", "£1,000,000,000,000,000.01"),
    ],
)
def test_amounts_read_exactly(minor: int, currency: str, read: str) -> None:  # standards 3.10
    assert format_money(minor, currency) == read


def test_figures_follow_the_language_of_the_page() -> None:
    with translation.override("de"):
        assert format_money(128440, "GBP") == "£1.284,40"
    with translation.override("es"):
        assert format_money(128440, "GBP") == "£1.284,40"
    with translation.override("ar"):  # in one piece, whatever stands around it
        assert (
            format_money(-128440, "GBP")
            == "\N{LEFT-TO-RIGHT ISOLATE}−£1,284.40\N{POP DIRECTIONAL ISOLATE}"
        )


@pytest.mark.parametrize(
    ("currency", "places"),
    [
        ("gbp", 2),
        ("ISK", 0),
        ("BHD", 3),
        ("JPY", 0),
        ("IQD", 3),
        ("LBP", 2),
        ("IDR", 2),
        ("HUF", 2),
    ],
)
def test_decimal_places_are_those_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


BEFORE = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
"""What an earlier version knew: no amount that it stored may read otherwise now."""


def test_amounts_stored_before_read_as_they_did() -> None:
    known = {code: places for places, codes in BEFORE.items() for code in codes.split()}
    assert {code: exponent(code) for code in CURRENCIES} == {
        code: known.get(code, 2) for code in CURRENCIES
    }
    assert exponent("GPB") == exponent("BGN") == 2  # a mistake in typing; withdrawn since


def test_decimal_places_are_those_of_the_published_list() -> None:
    """The table agrees with the class that the library makes of the same list."""
    ours = {code: exponent(code) for code in CURRENCIES}
    assert ours == {code: Currency(code).exponent for code in CURRENCIES}


BABEL_DIFFERS = "AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK SOS SYP YER"  # no decimals in CLDR


def test_places_where_babel_differs_are_known() -> None:
    """CLDR lists how amounts are usually shown in shops, ISO 4217 what banks calculate with."""
    differs = {code for code in CURRENCIES if get_currency_precision(code) != exponent(code)}
    assert differs == set(BABEL_DIFFERS.split())
    assert {get_currency_precision(code) for code in differs} == {0}


@pytest.mark.django_db
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 3600])
@pytest.mark.parametrize("amount", [0, 1, 2, 5, 80, 2665, 10**15 + 1, -1, -5])
def test_parts_are_rounded_up_as_python_and_postgresql_do(amount: int, parts: int) -> None:
    """Python's round(), PostgreSQL's and JavaScript's differ for halves; rounding up has none."""
    up = rounded_up(amount, parts)
    assert up == int((Decimal(amount) / parts).to_integral_value(ROUND_CEILING))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ceil(%s::numeric / %s)", [amount, parts])
        assert cursor.fetchone() == (up,)
    assert 0 <= up * parts - amount < parts


@pytest.mark.parametrize("currency", ["GBP", "JPY", "KWD", "IQD", "IDR"])
@pytest.mark.parametrize("minor", [1, 5, 2665, 2_665_001])
def test_pages_show_amounts_without_rounding(minor: int, currency: str) -> None:
    digits = "".join(filter(str.isdigit, format_money(minor, currency)))
    assert int(digits) == minor


@pytest.mark.parametrize(
    "code",
    ["XXX", "XTS", "XAU", "XAG", "XDR", "XSU", "XUA", "XAD",  # no money, or not people's
     "BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW",  # funds and indices
     "HRK", "DEM", "BGN", "SLL", "ZWL",  # withdrawn
     "GPB", "BTC", "", "gbp"],  # none at all, or not as it is written
)  # fmt: skip
def test_people_are_paid_in_currencies_of_countries(code: str) -> None:
    assert code not in CURRENCIES


def test_every_currency_in_use_is_there() -> None:
    assert 150 < len(CURRENCIES) < 160
    assert {"GBP", "EUR", "USD", "JPY", "INR", "IDR", "IRR", "XAF", "XCG", "SLE"} <= CURRENCIES


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("0.80", "GBP", 80),
        (" 1,50 ", "GBP", 150),
        ("1.5", "EUR", 150),
        ("15", "GBP", 1500),
        ("1500", "JPY", 1500),
        ("0.250", "KWD", 250),
        ("0,500", "GBP", 50),
        ("1.5250", "KWD", 1525),
        ("1,234.50", "GBP", 123450),
        ("1.234,50", "EUR", 123450),
        ("1 234,50", "EUR", 123450),
        ("1\N{NARROW NO-BREAK SPACE}234,50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("1.234.567", "IDR", 123456700),
        ("43000000", "IDR", 4_300_000_000),
        ("42949672.97", "GBP", 4_294_967_297),
        ("21474836.48", "GBP", 2_147_483_648),
        ("99999999999", "GBP", 9_999_999_999_900),
        ("١٫٥٠", "GBP", 150),
    ],
)
def test_unambiguous_amounts_are_read_exactly(written: str, currency: str, minor: int) -> None:
    for language in ("en", "de", "ar"):
        with translation.override(language):
            assert read_money(written, currency) == minor


@pytest.mark.parametrize(
    ("written", "currency", "says"),
    [
        ("1.500", "GBP", "“1.500” can be read in two ways. Type 1500 or 1.5."),
        ("1,500", "GBP", "“1,500” can be read in two ways. Type 1500 or 1.5."),
        ("12.345", "KWD", "“12.345” can be read in two ways. Type 12345 or 12.345."),
        ("0.005", "GBP", "GBP has at most 2 decimals."),
        ("1.5", "JPY", "JPY has no decimals. Type a whole number."),
        *((odd, "GBP", "Type the amount as a number, such as 1.50.") for odd in
          ("", "-1", "+1", "1e3", "NaN", "Infinity", "£1.50", "1.50 GBP", "1..5", "1,23,45.6",
           "1.234,567.8", ".5", "5.", "0x10", "1_000", "9" * 41, "²")),
    ],
)  # fmt: skip
def test_ambiguous_amounts_are_refused(written: str, currency: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_money(written, currency)
    assert str(refused.value) == says
