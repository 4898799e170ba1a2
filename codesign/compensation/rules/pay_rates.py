"""Rules for money: integer minor units of ISO 4217, never floats."""

from __future__ import annotations

from django.utils.translation import gettext as _

from codesign.shared.money import CURRENCIES, exponent, format_money

REPLIES_IN_THE_RATE = 2
"""A rate is for a text with one or two replies. Each further reply adds half of it."""
MOST_SECONDS = 600 * 60
"""Longest time for one text: ten hours."""
MOST_UNITS = 1_000
"""Highest pay for one text, in whole units. A higher amount is a typo."""
MOST_WEAK_UNITS = 100_000_000
"""The same for currencies of low value: about £70 in rials."""
WEAK = frozenset(
    code
    for some in (
        "AFN ALL AMD AOA ARS BDT BIF BWP CDF CLP COP CRC CVE CZK DJF DOP DZD ETB GMD GNF GYD HTG",
        "HUF IDR INR IQD IRR ISK JMD JPY KES KGS KHR KMF KPW KRW KZT LAK LBP LKR LRD MGA MKD MMK",
        "MNT MRU MUR MWK MZN NGN NIO NPR PHP PKR PYG RSD RUB RWF SDG SOS SRD SSP STN SYP TRY TWD",
        "TZS UAH UGX UYU UZS VES VND VUV XAF XOF XPF YER ZAR ZMW ZWG",
    )
    for code in some.split()
)
"""Currencies whose unit is worth less than about 6 pence or is losing value quickly."""


def hourly_minor(*, amount_minor: int, estimated_seconds: int) -> int:
    """Return the amount per hour for an amount and its seconds, in minor units, rounded down."""
    return amount_minor * 3600 // estimated_seconds


def pay_for(*, amount_minor: int, replies: int) -> int:
    """Return the pay for a text with so many replies at a rate of `amount_minor`, minor units.

    The rate is for one or two replies. Each further reply adds half of the rate, rounded up to the
    minor unit, because there is more to read and compare.
    """
    return _for_replies(amount_minor, replies)


def seconds_for(*, estimated_seconds: int, replies: int) -> int:
    """Return the estimated seconds for a text with so many replies. Grows as the pay does."""
    return _for_replies(estimated_seconds, replies)


def _for_replies(of_two: int, replies: int) -> int:
    further = max(replies - REPLIES_IN_THE_RATE, 0)
    return of_two + further * -(-of_two // 2)


def price_words(*, amount_minor: int, currency: str) -> str:
    """Return “£0.80 for one or two replies, £1.20 for three, £1.60 for four”.

    Three amounts show how the pay grows; up to six replies are possible.
    """
    two, three, four = (
        format_money(pay_for(amount_minor=amount_minor, replies=replies), currency)
        for replies in (2, 3, 4)
    )
    words = _("%(two)s for one or two replies, %(three)s for three, %(four)s for four")
    return words % {"two": two, "three": three, "four": four}


def most_minor(currency: str) -> int:
    """Return the highest pay for one text that a rate may set, in minor units."""
    units = MOST_WEAK_UNITS if currency in WEAK else MOST_UNITS
    return units * 10 ** exponent(currency)


def rate_problems(
    *, amount_minor: int, currency: str, estimated_seconds: int
) -> dict[str, list[str]]:
    """Return the errors of a rate: field (amount, currency, minutes) → sentences."""
    if currency not in CURRENCIES:
        sentence = _("“%(code)s” is not a currency in use. Type a three-letter code, such as GBP.")
        return {"currency": [sentence % {"code": currency}]}
    problems = {}
    if amount_minor <= 0:
        problems["amount"] = [_("Type an amount above zero.")]
    elif amount_minor > (most := most_minor(currency)):
        sentence = _("Type at most %(most)s. Is a decimal point missing?")
        problems["amount"] = [sentence % {"most": format_money(most, currency)}]
    if not 0 < estimated_seconds <= MOST_SECONDS:
        problems["minutes"] = [_("Type a number of minutes from above 0 to 600.")]
    return problems
