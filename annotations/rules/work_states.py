"""The state of an assignment in the words of panels for research (standards 3.5).

One mapping from what is stored: the state of the lease, the pay check, and what the review of pay
knows of work with a credit. Nothing is stored twice.
"""

from __future__ import annotations

from annotations.rules.states import AssignmentState, PayCheck
from codesign.compensation.rules.work_states import WorkState

UNPAID: dict[str, WorkState] = {
    AssignmentState.LEASED: WorkState.ACTIVE,
    AssignmentState.SKIPPED: WorkState.RETURNED,
    AssignmentState.EXPIRED: WorkState.TIMED_OUT,
    AssignmentState.RETURNED: WorkState.RETURNED,
}
CHECKED: dict[str, WorkState] = {
    PayCheck.HELD: WorkState.AWAITING_REVIEW,
    PayCheck.NOT_PAID: WorkState.REJECTED,
}


def work_state(
    *, state: str, shown: bool, is_work: bool, pay_check: str, credited: WorkState
) -> WorkState:
    """Return the state of an assignment.

    `shown` is whether the text was opened, `is_work` whether it is a judgement or a paid skip (even
    one that was undone), and `credited` the state that work with a credit has.
    """
    if state == AssignmentState.LEASED and not shown:
        return WorkState.RESERVED
    if not is_work:
        return UNPAID[state]
    return CHECKED.get(pay_check, credited)
