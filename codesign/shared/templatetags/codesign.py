"""Template filters and tags: money, shares, durations, the typeface."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.defaultfilters import floatformat
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from codesign.shared import counts
from codesign.shared.assets import FONT_FIRST, FONT_STYLESHEET, fonts_dir
from codesign.shared.money import format_money

register = template.Library()


@register.filter
def money(minor: int, currency: str) -> str:
    """`{{ 640|money:"GBP" }}` → £6.40, from ISO 4217 minor units."""
    return format_money(int(minor), currency)


@register.filter
def percent_of(done: float | None, total: float | None) -> str:
    """`{{ done|percent_of:total }}` → 41%. Rounded down, so that 100% means complete."""
    share = int(100 * (done or 0) // total) if total else 0
    return f"{min(share, 100)}%"


@register.filter
def counted(number: int) -> str:
    """`{{ 101|counted }}` → more than 100, for numbers counted only up to a limit."""
    return counts.counted(number)


@register.filter
def rate(number: float) -> str:
    """`{{ 0.42|rate }}` → 0.4, `{{ 21732.4|rate }}` → 21,732: a rate per second, at least 0.1."""
    return floatformat(number, "0g") if number >= 9.95 else floatformat(max(number, 0.1), -1)


@register.filter
def share(rate: float) -> str:
    """`{{ 0.613|share }}` → 61%. Shows 0% and 100% only for exactly 0 and 1."""
    percent = 100 * rate
    if 0 < percent < 0.5:
        return f"{number_format(ceil(10 * percent) / 10, decimal_pos=1)}%"
    if 99.5 <= percent < 100:
        return f"{number_format(floor(10 * percent) / 10, decimal_pos=1)}%"
    return f"{round(percent)}%"


@register.filter
def about(seconds: float) -> str:
    """Return a duration as people say it: "about 25 minutes"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return gettext("less than a minute")
    if minutes <= 90:
        return ngettext("about %(n)d minute", "about %(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(n)d hour", "about %(n)d hours", hours) % {"n": hours}


@register.filter
def zipped(left: Iterable[object], right: Iterable[object]) -> list[tuple[object, object]]:
    """Return pairs of two lists. Raises ValueError if their lengths differ."""
    return list(zip(left, right, strict=True))


@register.simple_tag
def font_links() -> SafeString:
    """Return links to the built typeface, or nothing; pages then use a system font."""
    if not (fonts_dir() / "fonts.css").exists():
        return SafeString("")
    try:
        first = staticfiles_storage.url(FONT_FIRST)
        sheet = staticfiles_storage.url(FONT_STYLESHEET)
    except ValueError:  # built after the static files were collected
        return SafeString("")
    return format_html(
        '<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>'
        '<link rel="stylesheet" href="{}">',
        first,
        sheet,
    )
