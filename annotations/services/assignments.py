"""Lease tasks to members, one at a time, and end leases.

A member's assignments change only under a lock on their member row, which serialises parallel
requests. `seats` documents the order of locks.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Assignment, Task
from annotations.permissions import JUDGE
from annotations.queries import assignments as queries
from annotations.queries import load
from annotations.rules.load import Day
from annotations.rules.states import AssignmentState, ItemKind
from annotations.services import (
    assignment_states,  # noqa: F401 - how one moves
    new_leases,
    next_seat,
    seats,
    special_items,
)
from annotations.services.lease_budgets import NotCovered, is_covered, most_pay
from codesign.compensation.models import PayRate
from codesign.compensation.queries import pay_choices
from codesign.compensation.services.budgets import Contended
from codesign.consent import queries as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import NoConsent, NotFound, NotPermitted
from codesign.shared.transition import transition
from codesign.studies.models import Member
from codesign.studies.rules import StudyState


@dataclass(frozen=True)
class Lease:
    """A member's current assignment, and whether this request leased it."""

    assignment: Assignment | None
    created: bool


@dataclass(frozen=True)
class NextLease:
    """The result of a search in the queue.

    `contended` if others hold all remaining tasks, or could use what is left of the budget.
    """

    assignment: Assignment | None
    created: bool = False
    contended: bool = False
    rest: bool = False
    """Whether nothing was leased so that a break can be offered."""


def lock_member(*, actor: Actor, slug: str) -> Member:
    """Return the actor's membership, locked until the transaction ends.

    Raises NotFound or NotPermitted if the actor may not judge in this study.
    """
    if actor.user_id is None:
        raise NotFound
    return _may_judge(queries.member_in.first(user_id=actor.user_id, slug=slug))


def lock_member_of(*, actor: Actor, assignment_id: uuid.UUID) -> Member:
    """Return the membership of the actor's own assignment, locked like `lock_member`."""
    if actor.user_id is None:
        raise NotFound
    return _may_judge(queries.member_of.first(user_id=actor.user_id, assignment_id=assignment_id))


def _may_judge(member: Member | None) -> Member:
    if member is None:
        raise NotFound
    if not member.has_role(*JUDGE.roles):
        raise NotPermitted(_("Your role in this study does not include this."))
    return member


def lease(*, actor: Actor, slug: str) -> Lease:
    """Lease the next task to the actor, or return the assignment that they have.

    Returns no assignment only if no seat is left for them, or not enough of the budget. If others
    hold the remaining tasks or little is left of the budget, it waits for them, in separate
    transactions that lock no other task.
    """
    result = _search(actor, slug)
    for attempt in range(next_seat.PATIENCE):
        if not result.contended:
            break
        result = _search(actor, slug, wait=attempt > 0, exact=True)
    return Lease(result.assignment, result.created)


@transaction.atomic
def _search(actor: Actor, slug: str, *, wait: bool = False, exact: bool = False) -> NextLease:
    member = lock_member(actor=actor, slug=slug)
    if consent.id_in_force(member_id=member.id) is None:
        raise NoConsent
    now = timezone.now()
    last = queries.latest(member)
    if last and last.state == AssignmentState.LEASED:
        if last.expires_at > now:
            return NextLease(last)
        _expire(last, now)
    return lease_next(member=member, now=now, last=last, wait=wait, exact=exact)


def lease_next(
    *,
    member: Member,
    now: datetime,
    last: Assignment | None,
    wait: bool = False,
    exact: bool = False,
    shown_at: datetime | None = None,
) -> NextLease:
    """Lease the next task to a locked member without a lease. `last` is their last assignment.

    Without a pay rate in force nothing is leased, because people must know the pay beforehand. Nor
    once the daily limit is reached: `member` is locked, so parallel requests cannot pass it, and so
    is the load of a person who judges in several studies. Nor if the budget or their own limit
    does not cover it; when little is left of a budget, only a search with `exact` can tell.
    """
    rate = _rate(member, now)
    if rate is None:
        return NextLease(None)
    if getattr(member, "judges_elsewhere", True):
        lock_until_commit(Lock.LOAD, member.user_id)
    day = load.day_of(member, last=last, now=now)
    if day.is_full:
        return NextLease(None)
    try:
        most = most_pay(member=member, rate=rate, now=now, exact=exact)
    except Contended:
        return NextLease(None, contended=True)
    if most is None:
        return _lease_one(member, rate, last=last, day=day, now=now, wait=wait, shown_at=shown_at)
    if most < rate.amount_minor:
        return NextLease(None)
    try:
        with transaction.atomic():
            leased = _lease_one(
                member, rate, last=last, day=day, now=now, wait=wait, shown_at=shown_at
            )
            if leased.assignment and leased.assignment.amount_minor > most:
                raise NotCovered
    except NotCovered:
        return NextLease(None)
    return leased


def _lease_one(
    member: Member,
    rate: PayRate,
    *,
    last: Assignment | None,
    day: Day,
    now: datetime,
    wait: bool,
    shown_at: datetime | None,
) -> NextLease:
    """Lease a special item if one is due, else the first seat that is offered."""
    if special := next_seat.special_for(member=member, last=last, day=day, now=now):
        made = new_leases.make(
            member=member,
            seat=special.seat,
            rate=rate,
            last=last,
            begun=special.begun,
            load_before=day.load,
            now=now,
            shown_at=shown_at,
            kind=special.kind,
        )
        return NextLease(made, created=True)
    first = None if wait else next_seat.wanted_first(member=member, last=last, day=day, now=now)
    seat, contended = first, False
    if seat is None:
        seat, contended = next_seat.seat_for(member=member, wait=wait, last=last, now=now)
    if seat is None:
        return NextLease(None, contended=contended)
    made = new_leases.make(
        member=member,
        seat=seat,
        rate=rate,
        last=last,
        begun=new_leases.begun_of(seat=seat, last=last),
        load_before=day.load,
        now=now,
        shown_at=shown_at,
    )
    return NextLease(made, created=True)


def _rate(member: Member, now: datetime) -> PayRate | None:
    """Return the rate at which the member's work is paid now; None while nothing is leased."""
    if member.study.state != StudyState.OPEN or member.cohort_id is None:
        return None
    return pay_choices.rate_for(member=member, at=now)


def lease_again(
    *, member: Member, begun: Assignment, last: Assignment, load_before: int, now: datetime
) -> Assignment | None:
    """Lease the task of an earlier assignment again, to continue it; None if it is not free.

    Nor if its pay is not paid yet and the budget may not cover it.
    """
    rate = _rate(member, now)
    if rate is None or not (begun.skip_paid or is_covered(member=member, rate=rate, now=now)):
        return None
    if begun.holds_seat:
        seat = seats.take_again(member=member, task_id=begun.task_id)
    else:
        again = special_items.lease_again(member=member, begun=begun)
        seat = again.seat if again else None
    if seat is None or not seat.taken:
        return None
    return new_leases.make(
        member=member,
        seat=seat,
        rate=rate,
        last=last,
        begun=begun,
        load_before=load_before,
        now=now,
        shown_at=now,
        kind=ItemKind(begun.item_kind),
    )


def end_lease(
    *,
    actor: Actor,
    assignment: Assignment,
    task: Task,
    state: AssignmentState,
    why: str,
    now: datetime,
    later_until: datetime | None = None,
) -> None:
    """End a lease without a judgement. The seat becomes free, and the draft stays.

    With `later_until`, the member does not get the task again before that time. The caller has
    locked the member and `task`.
    """
    changes = {"ended_at": now, "later_until": later_until}
    transition(assignment, to=state, actor=actor, changes=changes, why=why)
    if assignment.holds_seat:
        seats.free(seat=assignment.seat, task=task)


def _expire(assignment: Assignment, now: datetime) -> None:
    end_lease(
        actor=SYSTEM,
        assignment=assignment,
        task=seats.locked_task(task_id=assignment.task_id),
        state=AssignmentState.EXPIRED,
        why="time over",
        now=now,
    )


def expire_leases() -> int:
    """End expired leases and return their number. Locked members are retried later."""
    ended = 0
    for assignment_id in queries.overdue(now=timezone.now()):
        with transaction.atomic():
            members = Member.objects.select_for_update(
                no_key=True, skip_locked=True, of=("self",)
            ).filter(assignments=assignment_id)
            if not list(members):
                continue
            now = timezone.now()
            overdue = queries.leased().filter(id=assignment_id, expires_at__lte=now).first()
            if overdue:
                _expire(overdue, now)
                ended += 1
    return ended


def return_leases(*, actor: Actor, leases: QuerySet[Assignment], why: str) -> None:
    """End these leases. The caller holds the locks on members and tasks."""
    for assignment in leases.select_related("task__round", "task__prompt"):
        end_lease(
            actor=actor,
            assignment=assignment,
            task=assignment.task,
            state=AssignmentState.RETURNED,
            why=why,
            now=timezone.now(),
        )


def return_leases_of(*, actor: Actor, member: Member, why: str) -> None:
    """End the leases of a member. The caller holds the lock on the member.

    Their drafts are deleted, because drafts were never sent to the study.
    """
    held = queries.leased().filter(member_id=member.id)
    seats.lock_tasks(tasks=Task.objects.filter(id__in=held.values("task_id")))
    return_leases(actor=actor, leases=held, why=why)
    drafts = Assignment.objects.filter(member_id=member.id, draft__isnull=False)
    drafts.update(draft=None, draft_saved_at=None)


@transaction.atomic
def stop(*, actor: Actor, assignment_id: uuid.UUID) -> None:
    """Return an assignment to the queue. The draft stays with the person.

    If they had begun to answer and the seat is still free when they continue, they get it first,
    with the draft. What they send from an old page is treated as work after its lease.
    """
    lock_member_of(actor=actor, assignment_id=assignment_id)
    held = queries.leased().filter(id=assignment_id).first()
    if held:
        end_lease(
            actor=actor,
            assignment=held,
            task=seats.locked_task(task_id=held.task_id),
            state=AssignmentState.EXPIRED,
            why="stopped",
            now=timezone.now(),
        )


@transaction.atomic
def stop_all(*, actor: Actor, slug: str) -> None:
    """Return the actor's current assignment in a study to the queue, if any."""
    lock_member(actor=actor, slug=slug)
    if held := queries.held(actor=actor, slug=slug):
        stop(actor=actor, assignment_id=held.id)


def open_text(*, actor: Actor, assignment: Assignment) -> None:
    """Uncover a text whose content note the actor has read. Reading time begins now."""
    if assignment.covered and assignment.member.user_id == actor.user_id:
        assignment.covered = False
        Assignment.objects.filter(id=assignment.id).update(covered=False)
    mark_shown(actor=actor, assignment=assignment)


def mark_shown(*, actor: Actor, assignment: Assignment) -> None:
    """Record when the text was first shown to the actor, in one atomic statement.

    While a text is covered, it is not shown.
    """
    if assignment.covered:
        return
    if assignment.first_shown_at is None and assignment.member.user_id == actor.user_id:
        assignment.first_shown_at = timezone.now()
        Assignment.objects.filter(id=assignment.id, first_shown_at=None).update(
            first_shown_at=assignment.first_shown_at
        )
