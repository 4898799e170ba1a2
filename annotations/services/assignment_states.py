"""Transitions of assignments and of their pay checks, and the logs of both."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from annotations.models import Assignment, PayDecision
from annotations.rules.states import ASSIGNMENT_STATES, PAY_CHECKS, AssignmentState
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.compiled_queries import insert
from codesign.shared.transition import Move, machine

LEASE_ENDED = action("annotations.lease_ended", gettext_lazy("returned an assignment"))
SUBMITTED = action("annotations.submitted", gettext_lazy("sent a judgement"))
SKIPPED = action("annotations.skipped", gettext_lazy("skipped an assignment"))

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
    """Log a pay check. `data` has the person who decided, or the rule that held the pay."""
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
