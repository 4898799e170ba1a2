"""Reading, dividing and formatting money, an integer in minor units (ISO 4217)."""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType

from django.utils.formats import number_format
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from iso4217 import raw_xml

MINUS = "\N{MINUS SIGN}"
LTR_ISOLATE, POP_ISOLATE = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
UNKNOWN_PLACES = 2
"""Decimal places for a code that ISO 4217 does not list, or no longer lists."""
_NO_MONEY = frozenset({"UYW", "XAD"})
"""An index and a unit of account, which ISO's list does not mark as funds."""
# Signs that name exactly one currency; "$" alone stands for about twenty.
_SIGNS = MappingProxyType({"GBP": "£", "EUR": "€", "USD": "US$", "JPY": "¥", "INR": "₹"})

_OTHER_MARKS = str.maketrans(
    {
        "\N{ARABIC DECIMAL SEPARATOR}": ".",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{ARABIC THOUSANDS SEPARATOR}": "'",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
    }
)
_PLAIN = re.compile(r"(\d+)(?:[.,](\d+))?")
_GROUPED = re.compile(r"(\d{1,3}(?:([., '])\d{3})(?:\2\d{3})*)(?:(?!\2)[.,](\d+))?")
_TWO_WAYS = re.compile(r"([1-9]\d{0,2})[.,](\d{3})")
_LONGEST = 40


def _read_table() -> tuple[dict[str, int], frozenset[str]]:
    """Return (code → decimal places, currencies in which people can be paid).

    Metals, test codes and "no currency" have no minor unit. Funds are marked in the list.
    """
    places, funds = {}, set(_NO_MONEY)
    for entry in raw_xml.iter("CcyNtry"):
        code, minor, name = entry.findtext("Ccy"), entry.findtext("CcyMnrUnts"), entry.find("CcyNm")
        if code and minor and minor.isdecimal():
            places[code] = int(minor)
            if name is None or name.get("IsFund", "").lower() == "true":
                funds.add(code)
    return places, frozenset(places) - funds


_PLACES, CURRENCIES = _read_table()
"""From ISO 4217's list of current currencies, as published, which `iso4217` ships."""


def exponent(currency: str) -> int:
    """Return the decimal places of a currency's minor unit."""
    return _PLACES.get(currency.upper(), UNKNOWN_PLACES)


def rounded_up(amount_minor: int, parts: int) -> int:
    """Return one of so many equal parts of an amount, rounded up to the minor unit.

    What people are owed is rounded up, and rates per hour that a study states are rounded down, so
    that rounding never costs a person anything (decision 51).
    """
    return -(-amount_minor // parts)


def format_money(minor: int, currency: str) -> str:
    """Return `(640, "GBP")` as `£6.40`: exact, grouped for the page's language, sign in front.

    In a language from right to left it is one unit from left to right, since its parts would change
    places.
    """
    places = exponent(currency)
    amount = Decimal(abs(minor)).scaleb(-places)
    figures = number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = _SIGNS.get(currency.upper(), f"{currency.upper()}\N{NO-BREAK SPACE}")
    shown = f"{MINUS if minor < 0 else ''}{sign}{figures}"
    return f"{LTR_ISOLATE}{shown}{POP_ISOLATE}" if get_language_bidi() else shown


def read_money(written: str, currency: str) -> int:
    """Return `("1,50", "GBP")` as 150 minor units. Raises ValueError if the amount is ambiguous.

    A point or a comma may separate decimals, whatever the language of the page. A single separator
    before three digits ("1.500") is refused, because it means one and a half to some people and
    fifteen hundred to others. "0.500" and "1,234.50" have only one reading.
    """
    text = " ".join(written.translate(_OTHER_MARKS).split())
    plain = _PLAIN.fullmatch(text) if len(text) <= _LONGEST else None
    grouped = _GROUPED.fullmatch(text) if plain is None and len(text) <= _LONGEST else None
    if both := _TWO_WAYS.fullmatch(text):
        thousands, decimals = both[1] + both[2], f"{both[1]}.{both[2].rstrip('0') or '0'}"
        raise ValueError(
            _("“%(written)s” can be read in two ways. Type %(one)s or %(other)s.")
            % {"written": text, "one": thousands, "other": decimals}
        )
    if plain:
        whole, decimals = plain[1], plain[2] or ""
    elif grouped:
        whole, decimals = re.sub(r"\D", "", grouped[1]), grouped[3] or ""
    else:
        raise ValueError(_("Type the amount as a number, such as 1.50."))
    places = exponent(currency)
    kept = decimals.ljust(places, "0")
    if int(kept[places:] or 0):
        raise ValueError(_small_coins(currency, places))
    return int(whole + kept[:places])


def _small_coins(currency: str, places: int) -> str:
    if places == 0:
        return _("%(currency)s has no decimals. Type a whole number.") % {"currency": currency}
    return _("%(currency)s has at most %(places)d decimals.") % {
        "currency": currency,
        "places": places,
    }
