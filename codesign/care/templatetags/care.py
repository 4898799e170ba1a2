"""Telephone numbers as links that dial them as typed, in the right order in every script."""

from __future__ import annotations

from collections.abc import Callable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from codesign.care.rules.phone_numbers import NUMBER, dialled

register = template.Library()


@register.filter
def callable_numbers(words: str) -> SafeString:
    """Return `"999 or 112"` with a `tel:` link around each number."""
    return _each_number(words, _link)


@register.filter
def textable_numbers(words: str) -> SafeString:
    """Return `"SHOUT to 85258"` with an `sms:` link around each number."""
    return _each_number(words, _text_link)


def _each_number(words: str, shown: Callable[[str], SafeString]) -> SafeString:
    parts: list[tuple[str]] = []
    end = 0
    for number in NUMBER.finditer(words):
        parts += [(words[end : number.start()],), (shown(number[0]),)]
        end = number.end()
    return format_html_join("", "{}", [*parts, (words[end:],)])


def _ordered(number: str) -> SafeString:
    """Numbers with spaces change their order inside Arabic text unless they are isolated."""
    return format_html('<bdi dir="ltr">{}</bdi>', number)


def _link(number: str) -> SafeString:
    return format_html('<a href="tel:{}">{}</a>', dialled(number), _ordered(number))


def _text_link(number: str) -> SafeString:
    return format_html('<a href="sms:{}">{}</a>', dialled(number), _ordered(number))
