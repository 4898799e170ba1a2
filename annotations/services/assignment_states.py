"""How an assignment and the check of its pay move, and what the logs say of it."""

from __future__ import annotations

from annotations.models import Assignment, PayDecision
from annotations.rules.states import ASSIGNMENT_STATES, PAY_CHECKS, AssignmentState
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.compiled_queries import insert
from codesign.shared.transition import Move, machine

LEASE_ENDED = action("annotations.lease_ended", "gave an assignment back")
SUBMITTED = action("annotations.submitted", "sent a judgement")
SKIPPED = action("annotations.skipped", "skipped an assignment")

DONE = {AssignmentState.SUBMITTED: SUBMITTED, AssignmentState.SKIPPED: SKIPPED}


def _log(move: Move) -> None:
    done = DONE.get(AssignmentState(move.new))
    audit.record(
        actor=move.actor,
        action=done or LEASE_ENDED,
        study_id=move.row.study_id,
        about=("assignment", move.row.id, ""),
        data={**({} if done else {"state": move.new}), **move.data},
    )


def _log_pay(move: Move) -> None:
    """A row of its own for each piece of work; `data` says who decided, or which rule held it."""
    insert(
        PayDecision(
            study_id=move.row.study_id,
            assignment=move.row,
            old_state=move.old,
            new_state=move.new,
            **move.data,
        )
    )


machine(Assignment, ASSIGNMENT_STATES, log=_log)
machine(Assignment, PAY_CHECKS, log=_log_pay, field="pay_check")
