"""Filters for texts that people or models wrote (`components/said.html`)."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotations.rules import model_markup
from codesign.shared import markdown
from codesign.shared.visible import shows_nothing

register = template.Library()


@register.filter
def readable(text: str) -> str:
    """Return what people who judge read of a text: no thoughts of a model, no control tokens."""
    return model_markup.readable(text).text


@register.filter
def without_tokens(text: str) -> str:
    """Return the words of a person without control tokens."""
    return model_markup.without_tokens(text)


@register.filter
def pieces(text: str) -> list[model_markup.Piece]:
    """Return the whole text of a model in pieces, for those who run a study."""
    return model_markup.pieces(text)


@register.filter
def as_html(text: str, level: int) -> SafeString:
    """Return the Markdown of a text as HTML, whose headings begin at `level`."""
    return markdown.to_html(text, level=level, language=get_language() or "")


@register.simple_tag
def as_marked_html(text: str, level: int, marks: markdown.Marks) -> SafeString:
    """Return the same with these passages marked, and with the places of words for a script."""
    return markdown.to_html(text, level=level, language=get_language() or "", marks=marks)


@register.filter
def is_blank(text: str) -> bool:
    """Return whether nothing of a text can be seen."""
    return shows_nothing(text)


@register.filter
def is_plain(text: str) -> bool:
    """Return whether a text has no Markdown, so that a second, plain version says the same."""
    return markdown.is_plain(text)


@register.filter
def direction(language: str) -> str:
    """Return the value of `dir` for a language; each paragraph then has its own."""
    return markdown.direction_of(language) if language else "auto"
