"""What a helpline needs, when to check it again, and which countries lack one: truth tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from codesign.care.rules.helplines import due_words, is_due, line_problems, without_line
from tests.factories.care import details

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("days", "due"), [(0, False), (89, False), (90, False), (91, True), (400, True)]
)
def test_a_line_is_due_after_90_days(days: int, due: bool) -> None:  # standards 4.7
    assert is_due(TODAY - timedelta(days=days), TODAY) is due


@pytest.mark.parametrize(
    ("recruited", "covered", "missing"),
    [
        ([], [], []),
        (["GB"], ["GB"], []),
        (["GB", "ES"], ["GB"], ["ES"]),
        (["GB"], ["ES"], ["GB"]),
        (["IE", "GB"], [], ["GB", "IE"]),
    ],
)
def test_which_countries_lack_a_line(
    recruited: list[str], covered: list[str], missing: list[str]
) -> None:
    assert without_line(recruited, covered) == missing


PROBLEMS = [
    ({}, {}),
    ({"url": "", "phone": "", "text_number": "SHOUT to 85258"}, {}),
    ({"phone": ""}, {}),
    ({"country_code": "XX"}, {"country_code"}),
    ({"country_code": ""}, {"country_code"}),
    ({"kind": "other"}, {"kind"}),
    ({"name": ""}, {"name"}),
    ({"languages": ()}, {"languages"}),
    ({"languages": ("en", "english")}, {"languages"}),
    ({"source_url": ""}, {"source_url"}),
    ({"source_url": "javascript:alert(1)"}, {"source_url"}),
    ({"url": "ftp://example.org"}, {"url"}),
    ({"phone": "12345"}, {"phone"}),
    ({"text_number": "988"}, {"text_number"}),
    ({"country_code": "US"}, {"phone"}),
    ({"phone": "", "url": ""}, {"phone"}),
    ({"name": "", "phone": "1"}, {"name", "phone"}),
]


@pytest.mark.parametrize(("changes", "fields"), PROBLEMS)
def test_what_is_wrong_with_a_line(changes: dict[str, object], fields: set[str]) -> None:
    assert set(line_problems(details(**changes))) == set(fields)


@pytest.mark.parametrize(("count", "start"), [(1, "1 helpline was"), (2, "2 helplines were")])
def test_the_warning_counts(count: int, start: str) -> None:
    assert due_words(count).startswith(start)
