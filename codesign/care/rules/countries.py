"""Names of countries and languages in the language of the page."""

from __future__ import annotations

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from django.utils.translation import get_language, gettext
from phonenumbers import SUPPORTED_REGIONS

NOT_IN_ISO = frozenset({"AC", "TA", "XK"})
"""Codes of telephone numbering that ISO 3166 does not list."""
CODES = frozenset(SUPPORTED_REGIONS) - NOT_IN_ISO
"""Codes of countries that have telephone numbers (ISO 3166, two letters)."""


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _here() -> Locale:
    return _locale(get_language() or "en")


def country_name(code: str) -> str:
    """Return the name of a country; for "" the words for every other country."""
    return str(_here().territories.get(code, code)) if code else gettext("Everywhere else")


def country_of_zone(zone: str) -> str:
    """Return the country of a time zone such as "Europe/Madrid", or "" if it has none."""
    code: str = get_global("zone_territories").get(zone, "")
    return code if code in CODES else ""


def speaks(code: str, language: str) -> bool:
    """Return whether a language is an official one of a country, or spoken there officially."""
    return language in get_official_languages(code, regional=True, de_facto=True)


def countries() -> list[tuple[str, str]]:
    """Return (code, name) of every country, by name."""
    return sorted(((code, country_name(code)) for code in CODES), key=lambda pair: pair[1])


def is_language(code: str) -> bool:
    """Return whether a code such as "es" is that of a language."""
    return code in Locale("en").languages


def language_name(code: str) -> str:
    """Return the name of a language."""
    return str(_here().languages.get(code, code))
