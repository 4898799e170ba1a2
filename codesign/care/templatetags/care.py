"""Telephone numbers as links."""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

NUMBER = re.compile(r"(\d[\d ]*\d)")


@register.filter
def callable_numbers(words: str) -> SafeString:
    """Return `"999 or 112"` with a `tel:` link around each number."""
    parts = NUMBER.split(words)
    return format_html_join(
        "",
        "{}",
        ((_link(part) if index % 2 else part,) for index, part in enumerate(parts)),
    )


def _link(number: str) -> SafeString:
    return format_html_join("", '<a href="tel:{}">{}</a>', [(number.replace(" ", ""), number)])
