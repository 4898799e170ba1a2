"""Lease tasks to members, one at a time, and end leases.

A member's assignments change only under a lock on their member row, which serialises parallel
requests. `seats` documents the order of locks.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.contract.unchecked import holds_answers
from annotations.models import Assignment, Response, Task
from annotations.permissions import JUDGE
from annotations.queries import assignments as queries
from annotations.queries import rubrics
from annotations.rules import order, sittings, work_speed
from annotations.rules.states import AssignmentState
from annotations.services import assignment_states, seats  # noqa: F401 - how one moves
from codesign.compensation import queries as compensation
from codesign.compensation.models import PayRate
from codesign.compensation.rules import pay_for, seconds_for
from codesign.consent import queries as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.compiled_queries import insert
from codesign.shared.errors import NoConsent, NotFound, NotPermitted
from codesign.shared.transition import transition
from codesign.studies.models import Member
from codesign.studies.rules import StudyState

PATIENCE = 100
"""Attempts to take a seat while others take the same ones."""

KEEP_LEAD = """
    INSERT INTO annotations_orderbalance (member_id, first_source, second_source, lead)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (member_id, first_source, second_source) DO UPDATE SET lead = excluded.lead
"""


@dataclass(frozen=True)
class Lease:
    """A member's current assignment, and whether this request leased it."""

    assignment: Assignment | None
    created: bool


@dataclass(frozen=True)
class NextLease:
    """The result of a search in the queue. `contended` if others hold all remaining tasks."""

    assignment: Assignment | None
    created: bool = False
    contended: bool = False


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

    Returns no assignment only if no seat is left for them. If others hold the remaining tasks, it
    waits for them, in separate transactions that lock no other task.
    """
    result = _search(actor, slug, wait=False)
    for _attempt in range(PATIENCE):
        if not result.contended:
            break
        result = _search(actor, slug, wait=True)
    return Lease(result.assignment, result.created)


@transaction.atomic
def _search(actor: Actor, slug: str, *, wait: bool) -> NextLease:
    member = lock_member(actor=actor, slug=slug)
    if consent.id_in_force(member_id=member.id) is None:
        raise NoConsent
    now = timezone.now()
    last = queries.latest(member)
    if last and last.state == AssignmentState.LEASED:
        if last.expires_at > now:
            return NextLease(last)
        _expire(last, now)
    return lease_next(member=member, now=now, last=last, wait=wait)


def lease_next(
    *,
    member: Member,
    now: datetime,
    last: Assignment | None,
    wait: bool = False,
    shown_at: datetime | None = None,
) -> NextLease:
    """Lease the next task to a locked member without a lease. `last` is their last assignment.

    Without a pay rate in force nothing is leased, because people must know the pay beforehand.
    """
    if member.study.state != StudyState.OPEN or member.cohort_id is None:
        return NextLease(None)
    rate = compensation.rate_in_force(cohort_id=member.cohort_id, at=now)
    if rate is None:
        return NextLease(None)
    seat, contended = _seat_for(member, wait=wait, begun=last)
    if seat is None:
        return NextLease(None, contended=contended)
    plan = rubrics.plan_of(seat.round_id, member.cohort_id)
    if seat.number < plan.overlap:
        seats.offer_lowest(task_id=seat.task_id, cohort_id=member.cohort_id)
    responses = queries.responses_of.all(task_id=seat.task_id)
    begun = _begun(seat, last)
    shown = _order_of(begun) if begun else _order(member, responses)
    made = Assignment(
        study=member.study,
        member=member,
        task_id=seat.task_id,
        prompt=responses[0].prompt,
        seat_id=seat.seat_id,
        asks=list(plan.asks),
        rubric_id=plan.rubric_id,
        order_shown=list(shown.ids),
        seed=shown.seed,
        propensity=shown.propensity,
        amount_minor=pay_for(amount_minor=rate.amount_minor, replies=len(responses)),
        currency=rate.currency,
        **_pace(rate, responses, last, now),
        leased_at=now,
        expires_at=now + timedelta(minutes=settings.ASSIGNMENT_LEASE_MINUTES),
        sitting=_sitting(last, now),
        **_kept(begun, shown_at),
    )
    insert(made)
    made.responses = {response.id: response for response in responses}
    return NextLease(made, created=True)


def _begun(seat: seats.FirstSeat, last: Assignment | None) -> Assignment | None:
    """Return the member's earlier assignment of this task with a draft, if any, to continue it.

    The time when it was first shown is kept, so people who read it earlier can send it quickly.
    """
    if seat.begun_id is None:
        return None
    is_last = last is not None and last.id == seat.begun_id
    return last if last and is_last else Assignment.objects.get(id=seat.begun_id)


def _kept(begun: Assignment | None, shown_at: datetime | None) -> dict[str, Any]:
    if begun is None:
        return {"first_shown_at": shown_at}
    return {
        "first_shown_at": begun.first_shown_at or shown_at,
        "draft": begun.draft,
        "draft_saved_at": begun.draft_saved_at,
    }


def _order_of(begun: Assignment) -> order.Order:
    """Return the order of the draft, so that its answers about reply A stay valid."""
    return order.Order(
        ids=tuple(begun.order_shown), seed=begun.seed, propensity=begun.propensity, lead=0
    )


def _sitting(last: Assignment | None, now: datetime) -> uuid.UUID:
    """Return the current sitting, or a new one after a longer pause."""
    goes_on = last is not None and sittings.same_sitting(ended_at=last.ended_at, now=now)
    return last.sitting if last and goes_on else uuid.uuid4()


def _pace(
    rate: PayRate, responses: Sequence[Response], last: Assignment | None, now: datetime
) -> dict[str, int]:
    """Return the fields that `rules.work_speed` uses when this lease ends."""
    promised = seconds_for(estimated_seconds=rate.estimated_seconds, replies=len(responses))
    return {
        "promised_seconds": promised,
        "words_shown": _words(responses),
        "spare_seconds": work_speed.spare_at(
            last.spare if last else None,
            now=now,
            promised=promised,
            pace=settings.PAY_PACE,
        ),
        "skips_before": _skips_before(last, now),
    }


def _words(responses: Sequence[Response]) -> int:
    """Count the words of a prompt and its responses, without system messages."""
    turns = responses[0].prompt.messages
    asked = (turn["content"] for turn in turns if turn["role"] != "system")
    return work_speed.count_words([*asked, *(response.text for response in responses)])


def _skips_before(last: Assignment | None, now: datetime) -> int:
    if last is None:
        return 0
    return work_speed.skips_before(
        skips=last.skips_before or 0,
        skipped=last.state == AssignmentState.SKIPPED,
        judged=last.state == AssignmentState.SUBMITTED,
        pause=now - (last.ended_at or last.leased_at),
    )


def _seat_for(
    member: Member, *, wait: bool, begun: Assignment | None
) -> tuple[seats.FirstSeat | None, bool]:
    """Return (a seat that is now leased to the member, whether others hold the remaining tasks).

    A task that the member began to answer comes first, if it is still free. Only the first search
    may wait, and only while no other task is locked.
    """
    if begun and begun.state == AssignmentState.EXPIRED and holds_answers(begun.draft):
        first = seats.take_again(member=member, task_id=begun.task_id)
        if first and first.taken:
            return first, False
    for skip_locked in [False] if wait else [True] * PATIENCE:
        first = seats.take_first(member=member, skip_locked=skip_locked)
        if first is None:
            return None, not wait and queries.waiting_seats(member).exists()
        if first.taken:
            return first, False
    return None, True


def _order(member: Member, responses: Sequence[Response]) -> order.Order:
    """Decide the order of responses, and store the balance of the pair of sources."""
    seed = random.SystemRandom().getrandbits(63)
    candidates = [order.Candidate(id=response.id, source=response.source) for response in responses]
    pair = order.balanced_pair(candidates)
    if pair is None:
        return order.decide(candidates, seed=seed, lead=0)  # no pair to balance
    first, second = pair
    leads = queries.leads_of.rows(member_id=member.id, first_source=first, second_source=second)
    decided = order.decide(candidates, seed=seed, lead=leads[0][0] if leads else 0)
    with connection.cursor() as cursor:
        cursor.execute(KEEP_LEAD, [member.id, first, second, decided.lead])
    return decided


def end_lease(
    *,
    actor: Actor,
    assignment: Assignment,
    task: Task,
    state: AssignmentState,
    why: str,
    now: datetime,
) -> None:
    """End a lease without a judgement. The seat becomes free, and the draft stays.

    The caller has locked the member and `task`.
    """
    transition(assignment, to=state, actor=actor, changes={"ended_at": now}, why=why)
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


def mark_shown(*, actor: Actor, assignment: Assignment) -> None:
    """Record when the assignment was first shown to the actor, in one atomic statement."""
    if assignment.first_shown_at is None and assignment.member.user_id == actor.user_id:
        assignment.first_shown_at = timezone.now()
        Assignment.objects.filter(id=assignment.id, first_shown_at=None).update(
            first_shown_at=assignment.first_shown_at
        )
