"""What a rate pays, in words, for templates of every app."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from codesign.compensation.models import PayRate
from codesign.compensation.rules.pay_rates import price_words

register = template.Library()


@register.filter
def by_replies(rate: PayRate) -> str:
    """`{{ rate|by_replies }}` → £0.80 for one or two replies, £1.20 for three, £1.60 for four."""
    return price_words(amount_minor=rate.amount_minor, currency=rate.currency)


@register.filter
def lookup(table: Mapping[object, object], key: object) -> object:
    """`{{ table|lookup:key }}` → the value of that key."""
    return table[key]
