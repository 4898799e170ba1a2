"""The state of paid work: a truth table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from codesign.compensation.rules.work_states import WorkState, state_of_paid

FRESH, OLD = timedelta(days=6, hours=23), timedelta(days=7)


@pytest.mark.parametrize(
    ("kind", "age", "approved", "rejected", "state"),
    [
        ("assignment", FRESH, False, False, WorkState.AWAITING_REVIEW),
        ("assignment", FRESH, True, False, WorkState.APPROVED),
        ("assignment", OLD, False, False, WorkState.APPROVED),
        ("assignment", FRESH, False, True, WorkState.REJECTED),
        ("assignment", OLD, False, True, WorkState.REJECTED),
        ("screening", FRESH, False, False, WorkState.SCREENED_OUT),
        ("screening", OLD, True, False, WorkState.SCREENED_OUT),
        ("screening", FRESH, False, True, WorkState.REJECTED),
    ],
)
def test_the_state_of_paid_work(
    kind: str, age: timedelta, approved: bool, rejected: bool, state: WorkState
) -> None:
    now = timezone.now()
    said = state_of_paid(
        kind=kind, done_at=now - age, approved=approved, rejected=rejected, now=now
    )
    assert said is state
