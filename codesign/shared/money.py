"""Amounts as people read them. Kept everywhere as integers in minor units (ISO 4217)."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

from django.utils.formats import number_format

MINUS = "\N{MINUS SIGN}"

# ISO 4217 gives most currencies two decimal places; these have another number.
_OTHER_PLACES = MappingProxyType(
    {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
)
# Signs that name one currency; a "$" alone would name twenty.
_SIGNS = MappingProxyType({"GBP": "£", "EUR": "€", "USD": "US$", "JPY": "¥", "INR": "₹"})


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit."""
    for places, codes in _OTHER_PLACES.items():
        if currency.upper() in codes.split():
            return places
    return 2


def format_money(minor: int, currency: str) -> str:
    """`(640, "GBP")` → `£6.40`: exact, grouped in the language of the page, minus sign in front."""
    places = exponent(currency)
    amount = Decimal(abs(minor)).scaleb(-places)
    figures = number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = _SIGNS.get(currency.upper(), f"{currency.upper()}\N{NO-BREAK SPACE}")
    return f"{MINUS if minor < 0 else ''}{sign}{figures}"
