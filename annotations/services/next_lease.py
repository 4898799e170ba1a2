"""The next assignment after a piece of work, in the transaction of that work."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from annotations.models import Assignment
from annotations.queries import assignments as queries
from annotations.queries import load
from annotations.rules.load import rest_is_due
from annotations.rules.states import AssignmentState
from annotations.services import assignments
from codesign.shared.actors import Actor
from codesign.shared.errors import NotPermitted
from codesign.studies.models import Member


def after_work(
    *, member: Member, ended: Assignment, late: bool, now: datetime
) -> assignments.NextLease:
    """Lease the next task; after late work, return the assignment that the person already has.

    Nothing is leased when a break is due: a new request gets the next one. After late work, the
    sitting continues from the latest lease, so that sittings stay consecutive.
    """
    last = (queries.latest(member) if late else None) or ended
    if last.id != ended.id:
        _add_to_day(last, ended)
    if last.state == AssignmentState.LEASED:
        return assignments.NextLease(last)
    if not late and _rest_is_due(member, ended, now):
        return assignments.NextLease(None, rest=True)
    return assignments.lease_next(member=member, now=now, last=last, shown_at=now)


def _add_to_day(last: Assignment, late: Assignment) -> None:
    """Count late work in the day of the person's latest assignment.

    A text that was put off has counted already.
    """
    if last.load_before is None or late.later_until is not None:
        return
    if seconds := load.load_of(late):
        last.load_before += seconds
        Assignment.objects.filter(id=last.id).update(load_before=F("load_before") + seconds)


def _rest_is_due(member: Member, ended: Assignment, now: datetime) -> bool:
    """Return whether a break is due; not when the day is over anyway, or for a program's work."""
    if ended.example or ended.sitting_began is None or ended.load_before is None:
        return False
    day = load.day_of(member, last=ended, now=now)
    return not day.is_full and rest_is_due(
        sitting_began=ended.sitting_began,
        leased_at=ended.leased_at,
        now=now,
        load_before=ended.load_before,
        load_now=ended.load_before + load.load_of(ended),
    )


def settled(
    *, actor: Actor, member: Member, next_lease: assignments.NextLease
) -> Assignment | None:
    """Return the new lease. If others held the remaining tasks, wait for one now."""
    if not next_lease.contended:
        return next_lease.assignment
    try:
        return assignments.lease(actor=actor, slug=member.study.slug).assignment
    except NotPermitted:  # consent was withdrawn since; the work stays
        return None
