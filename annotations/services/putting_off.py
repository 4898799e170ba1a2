"""Put a text off until another day, and undo a skip."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Assignment
from annotations.queries import assignments as queries
from annotations.queries import load
from annotations.rules import sittings
from annotations.rules.states import AssignmentState
from annotations.services import assignments, next_lease, seats
from annotations.services.submissions import GONE
from codesign.consent import queries as consent
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, NoConsent
from codesign.shared.transition import transition
from codesign.studies.models import Member


@dataclass(frozen=True)
class PutOff:
    """The next assignment after one was put off, and whether a break is offered instead."""

    next: Assignment | None
    rest: bool


def put_off(*, actor: Actor, assignment_id: uuid.UUID) -> PutOff:
    """Return an assignment until the person's next day, and lease the next one.

    Nothing is paid. The draft stays. On another day the same person gets the task first if its seat
    is still free. Repeating the request changes nothing.
    """
    with transaction.atomic():
        member, assignment = _own(actor, assignment_id)
        if assignment.later_until is not None:
            return PutOff(queries.held(actor=actor, slug=member.study.slug), rest=False)
        if assignment.state != AssignmentState.LEASED:
            raise Conflict(str(GONE))
        now = timezone.now()
        assignments.end_lease(
            actor=actor,
            assignment=assignment,
            task=seats.locked_task(task_id=assignment.task_id),
            state=AssignmentState.EXPIRED,
            why="later",
            now=now,
            later_until=sittings.start_of_next_day(now=now, zone=member.user.timezone),
        )
        following = next_lease.after_work(member=member, ended=assignment, late=False, now=now)
    after = next_lease.settled(actor=actor, member=member, next_lease=following)
    return PutOff(after, following.rest)


@transaction.atomic
def undo_skip(*, actor: Actor, assignment_id: uuid.UUID) -> Assignment:
    """Give a skipped text back to the person who skipped it, within ten minutes.

    The skipped assignment ends without a judgement and keeps its credit, so the new one pays
    nothing if the skip was paid: one credit for one piece of work. The next text, which they have
    been given since, is returned. Raises Conflict if somebody else has the text by now.
    """
    member, skipped = _own(actor, assignment_id)
    now = timezone.now()
    last = queries.latest(member)
    if last and last.task_id == skipped.task_id and last.state == AssignmentState.LEASED:
        return last  # a repeated request
    if last is None or not sittings.may_undo(
        state=skipped.state, ended_at=skipped.ended_at, pay_check=skipped.pay_check, now=now
    ):
        raise Conflict(_("This can no longer be undone."))
    counted = load.day_of(member, last=last, now=now).load - load.load_of(skipped)
    if last.state == AssignmentState.LEASED:
        assignments.end_lease(
            actor=actor,
            assignment=last,
            task=seats.locked_task(task_id=last.task_id),
            state=AssignmentState.EXPIRED,
            why="a skip was undone",
            now=now,
        )
    transition(
        skipped,
        to=AssignmentState.EXPIRED,
        actor=actor,
        changes={"skip_reason": "", "later_until": None},
        why="skip undone",
    )
    again = assignments.lease_again(
        member=member, begun=skipped, last=last, load_before=max(counted, 0), now=now
    )
    if again is None:
        raise Conflict(_("Somebody else has this text now, so it stays skipped."))
    return again


def _own(actor: Actor, assignment_id: uuid.UUID) -> tuple[Member, Assignment]:
    """Return the locked member and their assignment. Raises NoConsent without consent."""
    member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
    if consent.id_in_force(member_id=member.id) is None:
        raise NoConsent
    return member, queries.locked_own(member=member, assignment_id=assignment_id)
