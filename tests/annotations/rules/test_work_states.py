"""The state of an assignment in the words of panels: a truth table over what is stored."""

from __future__ import annotations

from itertools import product

import pytest

from annotations.rules.states import AssignmentState, PayCheck
from annotations.rules.work_states import work_state
from codesign.compensation.rules.work_states import WorkState

CREDITED = WorkState.AWAITING_REVIEW


@pytest.mark.parametrize(
    ("state", "shown", "is_work", "pay_check", "said"),
    [
        ("leased", False, False, "", WorkState.RESERVED),
        ("leased", True, False, "", WorkState.ACTIVE),
        ("expired", True, False, "", WorkState.TIMED_OUT),
        ("expired", False, False, "", WorkState.TIMED_OUT),
        ("expired", True, True, "", CREDITED),  # a paid skip that was undone
        ("returned", False, False, "", WorkState.RETURNED),
        ("returned", True, False, "", WorkState.RETURNED),
        ("skipped", True, False, "", WorkState.RETURNED),  # a second “not today”
        ("skipped", True, True, "", CREDITED),
        ("skipped", False, True, "", CREDITED),
        ("submitted", True, True, "", CREDITED),
        ("submitted", True, True, "used", CREDITED),
        ("submitted", True, True, "left_out", CREDITED),
        ("submitted", True, True, "held", WorkState.AWAITING_REVIEW),
        ("skipped", True, True, "held", WorkState.AWAITING_REVIEW),
        ("submitted", True, True, "not_paid", WorkState.REJECTED),
    ],
)
def test_the_state_of_an_assignment(
    state: str, shown: bool, is_work: bool, pay_check: str, said: WorkState
) -> None:
    found = work_state(
        state=state, shown=shown, is_work=is_work, pay_check=pay_check, credited=CREDITED
    )
    assert found is said


def test_everything_that_can_be_stored_has_a_state() -> None:
    for state, shown, check in product(AssignmentState, (True, False), PayCheck):
        for is_work in {True, state == AssignmentState.SUBMITTED}:
            assert work_state(
                state=state,
                shown=shown,
                is_work=is_work,
                pay_check=check,
                credited=WorkState.APPROVED,
            )
