"""Stopping for a person who asks for support in the middle of a text."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from annotations.queries import assignments as queries
from annotations.rules.states import AssignmentState, SkipReason
from annotations.services import assignments, submissions
from codesign.care.models import Case
from codesign.care.queries import cases as care
from codesign.care.services import cases
from codesign.shared.actors import Actor


def stop_for_support(*, actor: Actor, assignment_id: uuid.UUID) -> Case:
    """End an assignment for a person who asks for support; it is paid like a skip.

    For everybody else it is a skip without a reason, so that nobody can tell (standards 4.8). Only
    where support was asked for before, and the case is still open, is very quick work held for a
    check as always. Nothing is leased. Repeating it changes nothing.
    """
    with transaction.atomic():
        member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
        assignment = queries.locked_own(member=member, assignment_id=assignment_id)
        is_first = care.open_case_of(member=member) is None
        case = cases.ask_for_support(member=member)
        if assignment.state in (AssignmentState.LEASED, AssignmentState.EXPIRED):
            submissions.end_with_skip(
                actor=actor,
                assignment=assignment,
                reason=SkipReason.OTHER,
                paid=True,
                now=timezone.now(),
                may_be_held=not is_first,
            )
    return case
