"""Sittings, days, paid skips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from annotations.rules import sittings
from annotations.rules.states import AssignmentState, PayCheck, SkipReason

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "goes_on"), [(None, False), (0, True), (29.9, True), (30, False), (500, False)]
)
def test_sitting(minutes: float | None, goes_on: bool) -> None:
    ended = None if minutes is None else NOW - timedelta(minutes=minutes)
    assert sittings.same_sitting(ended_at=ended, now=NOW) is goes_on


@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        ("2026-07-01T12:00", "UTC", "2026-07-01T00:00"),
        ("2026-07-01T12:00", "Europe/London", "2026-06-30T23:00"),
        ("2026-01-01T12:00", "Europe/London", "2026-01-01T00:00"),
        ("2026-07-01T12:00", "Pacific/Auckland", "2026-07-01T12:00"),
        ("2026-07-01T11:59", "Pacific/Auckland", "2026-06-30T12:00"),
        ("2026-07-01T03:59", "America/New_York", "2026-06-30T04:00"),
        ("2026-10-25T20:00", "Europe/London", "2026-10-24T23:00"),  # the clocks go back
        ("2026-07-01T12:00", "Nowhere/Land", "2026-07-01T00:00"),
        ("2026-07-01T12:00", "", "2026-07-01T00:00"),
        ("2026-07-01T12:00", "../etc", "2026-07-01T00:00"),
    ],
)
def test_a_day_is_the_persons_own(now: str, zone: str, start: str) -> None:
    day_start = sittings.start_of_day(
        now=datetime.fromisoformat(now).replace(tzinfo=UTC), zone=zone
    )
    assert day_start == datetime.fromisoformat(start).replace(tzinfo=UTC)


@pytest.mark.parametrize("reason", list(SkipReason))
@pytest.mark.parametrize("said", [False, True])
def test_paid_skips(reason: SkipReason, said: bool) -> None:
    unpaid = reason == SkipReason.NOT_TODAY and said
    assert sittings.skip_is_paid(reason=reason, said_not_today=said) is not unpaid


@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        ("2026-07-01T12:00", "UTC", "2026-07-02T00:00"),
        ("2026-07-01T23:30", "Europe/London", "2026-07-02T23:00"),
        ("2026-10-24T23:30", "Europe/London", "2026-10-26T00:00"),  # a day of 25 hours
        ("2026-07-01T12:00", "Nowhere/Land", "2026-07-02T00:00"),
    ],
)
def test_the_next_day_begins_at_the_persons_own_midnight(now: str, zone: str, start: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    next_day = sittings.start_of_next_day(now=at, zone=zone)
    assert next_day == datetime.fromisoformat(start).replace(tzinfo=UTC)


@pytest.mark.parametrize("reason", list(SkipReason))
def test_only_not_today_comes_back(reason: SkipReason) -> None:
    back = sittings.back_on(reason=reason, now=NOW, zone="UTC")
    assert (back is not None) == (reason == SkipReason.NOT_TODAY)


@pytest.mark.parametrize("state", list(AssignmentState))
@pytest.mark.parametrize("check", list(PayCheck))
@pytest.mark.parametrize("minutes", [None, 0, 9.9, 10])
def test_a_skip_can_be_undone_for_ten_minutes(
    state: AssignmentState, check: PayCheck, minutes: float | None
) -> None:
    ended = None if minutes is None else NOW - timedelta(minutes=minutes)
    may = state == AssignmentState.SKIPPED and check == PayCheck.NONE and minutes in (0, 9.9)
    undone = sittings.may_undo(state=state, ended_at=ended, pay_check=check, now=NOW)
    assert undone is may
