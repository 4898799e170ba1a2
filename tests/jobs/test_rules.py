"""How fast a job advances: over the last minute, and only while a worker was at it."""

from __future__ import annotations

import pytest

from codesign.jobs.rules import rate_of, sampled, share_of


def advanced(*, until: int, per_second: float, since: float = 0.0) -> list[list[float]]:
    """Samples of a job that advanced evenly, told each second."""
    samples = sampled([], at=since, done=0)
    for second in range(1, until + 1):
        samples = sampled(samples, at=since + second, done=round(second * per_second))
    return samples


def test_the_rate_is_that_of_the_last_minute() -> None:
    samples = advanced(until=600, per_second=10)
    for second in range(601, 661):
        samples = sampled(samples, at=second, done=6_000 + (second - 600) * 2)
    rate = rate_of(samples, done=6_120, total=6_320)
    assert rate is not None
    assert rate.per_second == pytest.approx(2, rel=0.15)
    assert rate.seconds_left == pytest.approx(100, rel=0.15)
    assert len(samples) < 16


def test_a_new_claim_starts_a_new_list_so_time_switched_off_does_not_count() -> None:
    before = advanced(until=30, per_second=10)
    night = 12 * 3600
    samples = sampled([], at=before[-1][0] + night, done=300)
    samples = sampled(samples, at=before[-1][0] + night + 10, done=400)
    assert rate_of(samples, done=400, total=500) == (10, 10)


def test_slow_work_has_a_rate_from_its_last_two_reports() -> None:
    samples = sampled([], at=0, done=0)
    samples = sampled(samples, at=200, done=8)
    samples = sampled(samples, at=400, done=16)
    assert rate_of(samples, done=16, total=24) == (0.04, 200)


@pytest.mark.parametrize(
    "samples",
    [[], [[0, 5]], [[0, 5], [10, 5]], [[10, 0], [10, 5]]],
    ids=["none", "one", "no advance", "no time"],
)
def test_nothing_is_said_without_an_advance(samples: list[list[float]]) -> None:
    assert rate_of(samples, done=5, total=10) is None


def test_an_unknown_total_has_a_rate_and_no_end() -> None:
    assert rate_of([[0, 0], [10, 50]], done=50, total=0) == (5, None)


@pytest.mark.parametrize(
    ("done", "total", "share"), [(0, 0, None), (0, 4, 0), (1, 4, 0.25), (5, 4, 1)]
)
def test_share(done: int, total: int, share: float | None) -> None:
    assert share_of(done=done, total=total) == share
