"""Load, daily limits, breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from annotations.rules import load

BEGAN = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("intensity", "seconds"), [(1, 45), (2, 90), (3, 180)])
def test_a_text_weighs_by_its_intensity(intensity: int, seconds: int) -> None:
    assert load.load_of(promised_seconds=180, intensity=intensity) == seconds


@pytest.mark.parametrize(
    ("study", "own", "minutes"),
    [(None, None, 60), (90, None, 90), (None, 30, 30), (90, 30, 30), (20, 30, 20)],
)
def test_the_lower_limit_counts(study: int | None, own: int | None, minutes: int) -> None:
    assert load.limit_seconds(study_minutes=study, own_minutes=own) == minutes * 60


@pytest.mark.parametrize(
    ("seconds", "full"), [(0, False), (3599, False), (3600, True), (9999, True)]
)
def test_a_day_is_full_once_its_limit_is_reached(seconds: int, full: bool) -> None:
    assert load.Day(load=seconds, limit=3600, is_new=False).is_full is full


@pytest.mark.parametrize(
    ("leased", "ends", "before", "after", "due"),
    [
        (0, 3, 0, 45, False),
        (43, 44.9, 0, 45, False),
        (43, 45, 0, 45, True),
        (46, 50, 0, 45, False),
        (89, 91, 0, 45, True),
        (0, 3, 1100, 1199, False),
        (0, 3, 1100, 1200, True),
        (0, 3, 1200, 1380, False),
        (0, 3, 2300, 2480, True),
    ],
)
def test_a_break_is_offered_after_every_45_minutes_and_every_20_of_heavy_texts(
    leased: float, ends: float, before: int, after: int, due: bool
) -> None:
    assert due is load.rest_is_due(
        sitting_began=BEGAN,
        leased_at=BEGAN + timedelta(minutes=leased),
        now=BEGAN + timedelta(minutes=ends),
        load_before=before,
        load_now=after,
    )


@pytest.mark.parametrize(
    ("intensities", "due"),
    [
        ([], False),
        ([1] * 39, False),
        ([1] * 40, True),
        ([1] * 41, False),
        ([2] * 20, True),
        ([3] * 9, False),
        ([3] * 10, True),
        ([3] * 11, False),
        ([1] + [3] * 10, False),
        ([3] * 20, True),
    ],
)
def test_a_break_is_due_in_a_review_each_time_that_enough_was_read(
    intensities: list[int], due: bool
) -> None:
    assert load.rest_is_due_in_review(intensities) is due  # standards 4.14
