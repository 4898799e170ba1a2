"""Which numbers exist in which country: by the library, and by hand where it knows less."""

from __future__ import annotations

import json

import pytest

from codesign.care.queries.help_page import Line, example_lines
from codesign.care.rules.phone_numbers import (
    HAND_CHECKED,
    dialled,
    exists_in,
    number_problem,
    numbers_in,
)

EXIST = [
    ("988", "US"),
    ("988", "CA"),
    ("911", "US"),
    ("911", "MX"),
    ("116 123", "GB"),
    ("116 123", "DE"),
    ("116 123", "EE"),  # the library does not know these two
    ("116 123", "LV"),
    ("111", "GB"),
    ("111", "NZ"),
    ("999", "IE"),
    ("112", "ES"),
    ("000", "AU"),
    ("13 11 14", "AU"),
    ("0477 13 11 14", "AU"),
    ("1737", "NZ"),
    ("024", "ES"),
    ("717 003 717", "ES"),
    ("0800 111 0 111", "DE"),
    ("85258", "GB"),
    ("+1 212 555 2368", "GB"),
    ("٩٨٨", "US"),
]
DO_NOT = [
    ("+44 116 123", "GB"),  # short numbers are dialled without a country code
    ("988", "GB"),
    ("116 123", "US"),
    ("111", "US"),
    ("12345", "US"),
    ("998", "GB"),
    ("0800 111 0 111", "US"),
    ("020 7946 00", "GB"),
    ("+99 123", "GB"),
    ("1", "GB"),
    ("0" * 60, "GB"),
]


@pytest.mark.parametrize(("number", "country"), EXIST)
def test_numbers_that_exist(number: str, country: str) -> None:
    assert exists_in(number, country)


@pytest.mark.parametrize(("number", "country"), DO_NOT)
def test_numbers_that_do_not(number: str, country: str) -> None:
    assert not exists_in(number, country)


def test_every_hand_checked_number_has_a_source() -> None:
    for row in json.loads(HAND_CHECKED.read_text(encoding="utf-8")):
        assert row["number"].isdecimal()
        assert row["source"]
        assert row["reaches"]


@pytest.mark.parametrize(
    "line", [one for one in example_lines() if one.country_code], ids=lambda line: line.name
)
def test_every_example_has_numbers_of_its_country(line: Line) -> None:
    for words in (line.phone, line.text):
        for number in numbers_in(words):
            assert exists_in(number, line.country_code), number


@pytest.mark.parametrize(
    ("number", "digits"),
    [("116 123", "116123"), ("+44 (20) 79-46", "+44207946"), ("٠٢٤", "024"), ("988", "988")],
)
def test_a_number_is_dialled_as_it_is_typed(number: str, digits: str) -> None:
    assert dialled(number) == digits


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", None),
        ("999, 112", None),
        ("SHOUT to 85258", None),
        ("call us", "Type a number in digits."),
        (
            "999, 988",
            "“988” is not a number that works in this country: United Kingdom. Check the digits. A"
            " number of another country starts with + and its country code.",
        ),
    ],
)
def test_what_is_said_about_a_field(text: str, problem: str | None) -> None:
    assert number_problem(text, country_code="GB", country="United Kingdom") == problem
