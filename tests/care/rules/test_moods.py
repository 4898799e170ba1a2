"""When a mood is a drop, and which day it belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from codesign.care.rules.moods import day_of, is_drop, needs_an_answer


@pytest.mark.parametrize(
    ("before", "after", "drop"),
    [
        (5, 3, True),
        (4, 1, True),
        (3, 2, False),
        (2, 2, False),
        (1, 5, False),
        (None, 1, False),
        (5, None, False),
        (None, None, False),
    ],
)
def test_a_drop_is_two_steps_down(before: int | None, after: int | None, drop: bool) -> None:
    assert is_drop(before=before, after=after) is drop  # standards 4.6


@pytest.mark.parametrize(
    ("before", "after", "answered"),
    [
        (1, None, True),
        (2, None, True),
        (3, None, False),
        (None, 2, True),
        (2, 2, True),
        (1, 5, False),
        (5, 3, True),
        (None, None, False),
    ],
)
def test_a_bad_mood_or_a_drop_is_answered(
    before: int | None, after: int | None, answered: bool
) -> None:
    assert needs_an_answer(before=before, after=after) is answered


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", 29), ("Pacific/Auckland", 30), ("America/New_York", 29), ("No/Where", 29)],
)
def test_the_day_is_the_persons(zone: str, day: int) -> None:
    at = datetime(2026, 11, 29, 21, 0, tzinfo=UTC)
    assert day_of(at, zone=zone) == date(2026, 11, day)
