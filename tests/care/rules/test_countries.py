"""Names of countries and languages follow the language of the page."""

from __future__ import annotations

import pytest
from django.utils import translation

from codesign.care.rules.countries import (
    CODES,
    countries,
    country_name,
    is_language,
    language_name,
)


@pytest.mark.parametrize(
    ("language", "country", "spoken"),
    [
        ("en", "United Kingdom", "Spanish"),
        ("es", "Reino Unido", "español"),
        ("ar", "المملكة المتحدة", "الإسبانية"),
        ("pt-br", "Reino Unido", "espanhol"),
        ("xx", "United Kingdom", "Spanish"),
    ],
)
def test_names(language: str, country: str, spoken: str) -> None:
    with translation.override(language):
        assert (country_name("GB"), language_name("es")) == (country, spoken)


def test_every_country_has_a_name_and_stands_once() -> None:
    listed = countries()
    assert {"GB", "IE", "US", "ES", "MX", "EG", "NZ", "PS"} <= {code for code, _ in listed}
    assert {"AC", "XK", "EU", "ZZ", ""}.isdisjoint(CODES)
    assert all(name and name != code for code, name in listed)
    assert len({name for _, name in listed}) == len(listed)
    assert country_name("") == "Everywhere else"


@pytest.mark.parametrize(("code", "known"), [("en", True), ("ar", True), ("english", False)])
def test_codes_of_languages(code: str, known: bool) -> None:
    assert is_language(code) is known
