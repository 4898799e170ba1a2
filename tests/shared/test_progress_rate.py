"""How fast something goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from codesign.shared.progress_rate import pace_of


def test_the_rest_takes_as_long_as_what_is_done_did() -> None:
    since = timezone.now() - timedelta(minutes=10)
    pace = pace_of(done=30_000, total=120_000, since=since)
    assert pace is not None
    assert pace.rate == pytest.approx(50, rel=0.01)
    assert pace.left == pytest.approx(1800, rel=0.01)


def test_more_work_done_than_expected_leaves_nothing() -> None:
    pace = pace_of(done=12, total=10, since=timezone.now() - timedelta(seconds=6))
    assert pace is not None
    assert pace.left == 0


def test_it_is_told_until_it_was_last_heard_of() -> None:
    since = timezone.now() - timedelta(days=1)
    assert pace_of(done=20, total=50, since=since, until=since + timedelta(seconds=10)) == (2, 15)
    assert pace_of(done=20, total=50, since=since, until=since) is None


@pytest.mark.parametrize(("done", "begun"), [(0, True), (5, False)])
def test_before_anything_is_done_there_is_no_pace(done: int, begun: bool) -> None:
    assert pace_of(done=done, total=10, since=timezone.now() if begun else None) is None
