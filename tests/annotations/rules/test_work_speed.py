"""The rules that say which pay a person looks at first (decision 20), on plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from annotations.rules import work_speed
from annotations.rules.work_speed import Spare

NOON = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before clocks change in Europe
PROMISED = 180
FULL = work_speed.RESERVE * PROMISED


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def worked(every: float, times: int) -> list[bool]:
    """Whether each piece of so many, one every so many seconds, is within the pace."""
    spare: Spare | None = None
    within = []
    for number in range(times):
        now = after(every * (number + 1))
        left = work_speed.spare_at(spare, now=now, promised=PROMISED, pace=4)
        within.append(left >= PROMISED)
        spare = Spare(left - PROMISED * within[-1], now)
    return within


@pytest.mark.parametrize("times_as_fast", [0.1, 1, 2, 3, 4])
def test_work_up_to_four_times_as_fast_is_not_held(times_as_fast: float) -> None:
    assert all(worked(PROMISED / times_as_fast, 500))


@pytest.mark.parametrize("every", [0.0, 0.1, 1.0, 20.0])
def test_no_more_is_paid_at_once_than_time_and_reserve_allow(every: float) -> None:
    paid = sum(worked(every, 400))
    assert paid * PROMISED <= 4 * every * 400 + FULL
    assert paid >= work_speed.RESERVE


def test_39_skips_in_four_seconds_are_paid_like_five() -> None:
    assert sum(worked(0.1, 39)) == 5


@pytest.mark.parametrize(
    ("spare", "seconds", "left"),
    [
        (None, 0, FULL),  # the first piece ever
        (Spare(None, NOON), 0, FULL),  # leased before this was kept
        (Spare(0, NOON), 0, 0),
        (Spare(0, NOON), 45, 180),
        (Spare(0, NOON), 3600 * 9, FULL),  # no night makes more than the reserve
        (Spare(0, NOON), -60, 0),  # a clock that was set back takes nothing
        (Spare(-100, NOON), 25, 0),
    ],
)
def test_spare_time(spare: Spare | None, seconds: float, left: int) -> None:
    assert work_speed.spare_at(spare, now=after(seconds), promised=PROMISED, pace=4) == left


def test_spare_earlier_is_the_inverse_of_spare_at() -> None:
    then = work_speed.spare_earlier(120, at=NOON, now=after(600), pace=4)
    assert work_speed.spare_at(Spare(then, NOON), now=after(600), promised=PROMISED, pace=4) == 120
    far = work_speed.spare_earlier(0, at=NOON, now=after(3e9), pace=1000)
    assert far == -work_speed.LONGEST_DEBT


@pytest.mark.parametrize(
    ("words", "seconds", "quick"),
    [
        (300, 0.28, True),
        (300, 35.9, True),
        (300, 36, False),
        (300, 600, False),
        (3, 3.5, True),
        (3, 3.6, False),
    ],
)
def test_work_faster_than_reading_is_held(words: int, seconds: float, quick: bool) -> None:
    assert work_speed.too_quick(words=words, since=NOON, now=after(seconds), pace=4) is quick


def test_half_of_the_letters_count_in_scripts_without_spaces() -> None:
    assert work_speed.count_words(["今日はとても疲れました。何もできません。", "two words"]) == 12


HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("skips", "skipped", "judged", "pause", "before"),
    [
        (0, True, False, 0 * HOURS, 1),
        (3, True, False, 0 * HOURS, 4),
        (4, True, False, 0 * HOURS, 5),  # a break was offered: the row goes on
        (4, False, False, 0 * HOURS, 4),  # a lease that ended by itself
        (4, False, True, 0 * HOURS, 0),
        (4, True, False, 7 * HOURS, 5),
        (4, True, False, 8 * HOURS, 0),
        (30_000, True, False, 0 * HOURS, 30_000),
    ],
)
def test_skips_in_a_row(
    skips: int, skipped: bool, judged: bool, pause: timedelta, before: int
) -> None:
    skips_in_a_row = work_speed.skips_before(
        skips=skips, skipped=skipped, judged=judged, pause=pause
    )
    assert skips_in_a_row == before


def test_each_fifth_skip_in_a_row_leads_to_a_break() -> None:
    assert [n for n in range(15) if work_speed.leads_to_a_break(skips=n)] == [4, 9, 14]


@pytest.mark.parametrize(
    ("skips", "seconds", "held"), [(4, 1, False), (5, 1, True), (5, 89, True), (5, 90, False)]
)
def test_after_five_in_a_row_a_skip_takes_half_of_the_promised_time(
    skips: int, seconds: float, held: bool
) -> None:
    """One skip every 46 s would have been paid at once all day, without a text judged."""
    too_quick = work_speed.quick_skip(skips=skips, since=NOON, now=after(seconds), promised=180)
    assert too_quick is held
