"""Shares of a rate, and when a week or a year began."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from codesign.compensation.rules.pay_choices import CapPeriod, began, share_of


@pytest.mark.parametrize(
    ("amount", "percent", "share"),
    [(80, 100, 80), (80, 50, 40), (81, 50, 41), (80, 0, 0), (1, 1, 1)],
)
def test_a_share_is_rounded_up(amount: int, percent: int, share: int) -> None:
    assert share_of(amount, percent=percent) == share


@pytest.mark.parametrize(
    ("period", "zone", "now", "start"),
    [
        ("week", "UTC", "2026-11-30T00:00", "2026-11-30T00:00"),
        ("week", "UTC", "2026-11-29T23:59", "2026-11-23T00:00"),
        ("week", "Asia/Tokyo", "2026-11-29T15:00", "2026-11-29T15:00"),
        (
            "week",
            "Europe/London",
            "2026-10-28T12:00",
            "2026-10-26T00:00",
        ),  # after the clock changed
        ("week", "Europe/London", "2026-10-25T12:00", "2026-10-18T23:00"),
        ("year", "UTC", "2026-12-31T23:59", "2026-01-01T00:00"),
        ("year", "America/New_York", "2027-01-01T04:59", "2026-01-01T05:00"),
        ("year", "America/New_York", "2027-01-01T05:00", "2027-01-01T05:00"),
        ("year", "no/zone", "2027-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_when_a_period_began(period: str, zone: str, now: str, start: str) -> None:
    def utc(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert began(period=CapPeriod(period), now=utc(now), zone=zone) == utc(start)
