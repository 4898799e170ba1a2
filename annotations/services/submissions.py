"""Store judgements, drafts and skips. Work is credited when it is done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.contract.skip import Skip
from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement, Task
from annotations.queries import assignments as queries
from annotations.rules import sittings, work_speed
from annotations.rules.own_texts import OwnKind, Source
from annotations.rules.states import ASSIGNMENT_STATES, AssignmentState, SkipReason, WhyHeld
from annotations.rules.texts import storable
from annotations.services import assignments, judgements, next_lease, own_texts, pay_holds, seats
from codesign.consent import queries as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NoConsent
from codesign.shared.transition import transition
from codesign.studies.models import Member

SKIP_FIELDS = (
    "state",
    "ended_at",
    "later_until",
    "skip_paid",
    "skip_reason",
    "skip_note",
    "spare_seconds",
)
MAX_KEY = 120
SENT = gettext_lazy("You have already sent this.")
GONE = gettext_lazy("This is no longer assigned to you. Your draft is saved.")


@dataclass(frozen=True)
class Submitted:
    """A stored judgement and the next assignment. `repeated` if it was stored before."""

    judgement: Judgement
    next: Assignment | None
    repeated: bool
    held: bool
    """Whether its pay is held."""
    rest: bool
    """Whether a break is offered instead of the next assignment."""


@dataclass(frozen=True)
class Skipped:
    """The next assignment after a skip, and whether the skip is paid or its pay is held."""

    next: Assignment | None
    paid: bool
    held: bool
    many: bool
    """Whether a break is offered after several skips in a row."""
    rest: bool
    """Whether a break is offered after a long time or heavy texts."""


def submit(
    *,
    actor: Actor,
    assignment_id: uuid.UUID,
    sent: UncheckedSubmission,
    idempotency_key: str,
    example: bool = False,
) -> Submitted:
    """Store a judgement, credit it and lease the next task, in one transaction.

    Repeating the same submission with the same key changes nothing. Simulated judgements
    (`example`) are marked and not paid.
    """
    _check_key(idempotency_key)
    with transaction.atomic():
        member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
        assignment = queries.locked_own(member=member, assignment_id=assignment_id)
        record_id = _consent(member)
        if assignment.state == AssignmentState.SUBMITTED:
            judgement = _repeated(assignment, sent, idempotency_key)
            held = queries.held(actor=actor, slug=member.study.slug)
            return Submitted(judgement, held, True, assignment.pay_held, rest=False)
        _check_unfinished(assignment)
        now = timezone.now()
        submission = sent.checked(judgements.asked_of(member=member, assignment=assignment))
        late = assignment.state == AssignmentState.EXPIRED
        why = pay_holds.why_held(assignment=assignment, now=now, judged=True, paid=not example)
        about = _about(example=example, why=why)
        _finish(actor, assignment, now=now, example=example, about=about)
        judgement = Judgement(
            assignment=assignment,
            member=member,
            consent_record_id=record_id,
            submitted_at=now,
            idempotency_key=idempotency_key,
            body_hash=sent.fingerprint(),
            example=example,
        )
        shown_at = assignment.first_shown_at or assignment.leased_at
        judgement.active_ms = submission.active_ms(since_shown=(now - shown_at).total_seconds())
        written = judgements.write(judgement=judgement, submission=submission)
        own_texts.keep_private(
            member=member, source=Source.JUDGEMENT, about=judgement.id, sent=written.texts
        )
        if not example and not assignment.skip_paid:
            pay_holds.credit_or_hold(assignment=assignment, why=why, now=now)
        following = next_lease.after_work(member=member, ended=assignment, late=late, now=now)
    after = next_lease.settled(actor=actor, member=member, next_lease=following)
    return Submitted(judgement, after, False, why is not None, following.rest)


def _check_key(key: str) -> None:
    if not 0 < len(key) <= MAX_KEY or not storable(key):
        problem = _("Please send an Idempotency-Key of 1 to %(n)d characters.") % {"n": MAX_KEY}
        raise Invalid(problem, {"Idempotency-Key": [problem]})


def _about(*, example: bool, why: WhyHeld | None) -> dict[str, Any]:
    """Return the details of a judgement for the audit trail."""
    if example:
        return {"example": True}
    return _held(why)


def _held(why: WhyHeld | None) -> dict[str, Any]:
    return {"held": why} if why else {}


def _check_unfinished(assignment: Assignment) -> None:
    if assignment.state == AssignmentState.SKIPPED:
        raise Conflict(_("You already skipped this."))
    if assignment.state == AssignmentState.SUBMITTED:
        raise Conflict(str(SENT))
    if not ASSIGNMENT_STATES.allows(assignment.state, AssignmentState.SUBMITTED):
        raise Conflict(str(GONE))


def _consent(member: Member) -> uuid.UUID:
    """Return the consent record in force. The member is locked, as withdrawals lock it too."""
    record_id = consent.id_in_force(member_id=member.id)
    if record_id is None:
        raise NoConsent
    return record_id


def _repeated(assignment: Assignment, sent: UncheckedSubmission, key: str) -> Judgement:
    """Return the judgement that is already stored, if this is the same request."""
    judgement: Judgement = assignment.judgements.get(revision=1)
    if judgement.idempotency_key != key or judgement.body_hash != sent.fingerprint():
        raise Conflict(str(SENT))
    return judgement


def _finish(
    actor: Actor,
    assignment: Assignment,
    *,
    now: datetime,
    example: bool,
    about: Mapping[str, Any],
) -> None:
    """Fill the seat. Work after its lease gets another free seat of the task."""
    if assignment.state == AssignmentState.EXPIRED:
        _find_seat_for_late_work(assignment, now=now)
    transition(
        assignment,
        to=AssignmentState.SUBMITTED,
        actor=actor,
        changes={"ended_at": now, "example": example},
        write=lambda: seats.fill(assignment=assignment),
        **about,
    )


def _find_seat_for_late_work(assignment: Assignment, *, now: datetime) -> None:
    """Assign a free seat to work after its lease, or refuse it."""
    task = seats.locked_task(task_id=assignment.task_id)
    _end_newer_lease(assignment, task=task, now=now)
    if not seats.may_be_judged(task=task) or queries.saw_in_review(
        member_id=assignment.member_id, prompt_id=assignment.prompt_id
    ):
        raise Conflict(str(GONE))
    if not assignment.holds_seat:
        return
    seat = seats.take_late(task=task, cohort_id=assignment.seat.cohort_id)
    if seat is None:
        raise Conflict(str(GONE))
    assignment.seat = seat


def _end_newer_lease(assignment: Assignment, *, task: Task, now: datetime) -> None:
    """End the newer lease of the same task, if the person works on the expired assignment.

    What they do in an old tab counts, because they answer the text and not the lease.
    """
    newer = _newer_lease(assignment)
    if newer is None:
        return
    _check_unfinished(newer)
    assignments.end_lease(
        actor=SYSTEM,
        assignment=newer,
        task=task,
        state=AssignmentState.EXPIRED,
        why="done by an earlier lease",
        now=now,
    )


def _newer_lease(assignment: Assignment) -> Assignment | None:
    """Return the person's later assignment of the same task, if this one has expired."""
    if assignment.state != AssignmentState.EXPIRED:
        return None
    same = Assignment.objects.filter(
        member_id=assignment.member_id,
        task_id=assignment.task_id,
        item_kind=assignment.item_kind,
    )
    return same.had().select_related("seat").first()


@transaction.atomic
def save_draft(*, actor: Actor, assignment_id: uuid.UUID, sent: UncheckedSubmission) -> Assignment:
    """Save a draft: any part of a submission."""
    member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
    assignment = queries.locked_own(member=member, assignment_id=assignment_id)
    _consent(member)
    if assignment.state not in (AssignmentState.LEASED, AssignmentState.EXPIRED):
        raise Conflict(_("This is already finished, so it cannot be saved."))
    assignment.draft = sent.as_draft()
    assignment.draft_saved_at = timezone.now()
    assignment.save(update_fields=["draft", "draft_saved_at"])
    newer = _newer_lease(assignment)
    if newer and newer.state == AssignmentState.LEASED:
        newer.draft, newer.draft_saved_at = assignment.draft, assignment.draft_saved_at
        newer.save(update_fields=["draft", "draft_saved_at"])
    return assignment


def skip(*, actor: Actor, assignment_id: uuid.UUID, skip: Skip) -> Skipped:
    """Skip an assignment, and lease the next one. After “not today” it may come back another day.

    Paid like a judgement, except for a second “not today” on the person's calendar day. Repeating a
    skip changes nothing. Expired assignments can be skipped too, because they were read. After
    several skips in a row, and when a break is due, nothing is leased, so that a break can be
    offered; a new request gets the next one. A skip that was paid and undone is not paid again.
    """
    with transaction.atomic():
        member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
        assignment = queries.locked_own(member=member, assignment_id=assignment_id)
        _consent(member)
        if assignment.state == AssignmentState.SKIPPED:
            return _skipped(assignment, queries.held(actor=actor, slug=member.study.slug))
        _check_unfinished(assignment)
        now = timezone.now()
        paid = sittings.skip_is_paid(
            reason=skip.reason, said_not_today=queries.said_not_today(member=member, now=now)
        )
        assignment.skip_note = skip.note
        assignment.later_until = sittings.back_on(
            reason=skip.reason, now=now, zone=member.user.timezone
        )
        late = assignment.state == AssignmentState.EXPIRED
        end_with_skip(
            actor=actor, assignment=assignment, reason=SkipReason(skip.reason), paid=paid, now=now
        )
        note: list[own_texts.Sent] = [(OwnKind.SKIP_NOTE, assignment.id, skip.note)]
        own_texts.keep_private(member=member, source=Source.SKIP, about=assignment.id, sent=note)
        if not late and _is_offered_a_break(assignment):
            return _skipped(assignment, None)
        following = next_lease.after_work(member=member, ended=assignment, late=late, now=now)
    after = next_lease.settled(actor=actor, member=member, next_lease=following)
    return _skipped(assignment, after, rest=following.rest)


def _is_offered_a_break(assignment: Assignment) -> bool:
    """Return whether a break is offered after this skip."""
    return work_speed.leads_to_a_break(skips=assignment.skips_before or 0)


def _skipped(
    assignment: Assignment, following: Assignment | None, *, rest: bool = False
) -> Skipped:
    return Skipped(
        next=following,
        paid=assignment.skip_paid,
        held=assignment.pay_held,
        many=following is None and _is_offered_a_break(assignment),
        rest=rest,
    )


def end_with_skip(
    *,
    actor: Actor,
    assignment: Assignment,
    reason: SkipReason,
    paid: bool,
    now: datetime,
    may_be_held: bool = True,
) -> None:
    """Skip an assignment, free its seat unless the lease had expired, and credit a paid skip.

    A skip that was paid before and undone is not paid again. Quick skips are held for a check
    unless `may_be_held` is False.
    """
    pays = paid and not assignment.skip_paid
    assignment.skip_reason, assignment.skip_paid = reason, paid or assignment.skip_paid
    why = pay_holds.why_held(assignment=assignment, now=now, judged=False, paid=pays)
    why = why if may_be_held else None
    task = seats.locked_task(task_id=assignment.task_id)
    late = assignment.state == AssignmentState.EXPIRED
    if late:
        _end_newer_lease(assignment, task=task, now=now)
    transition(
        assignment,
        to=AssignmentState.SKIPPED,
        actor=actor,
        changes={"ended_at": now},
        write=lambda: assignment.save(update_fields=SKIP_FIELDS),
        reason=reason,
        paid=assignment.skip_paid,
        **_held(why),
    )
    if not late and assignment.holds_seat:
        seats.free(seat=assignment.seat, task=task)
    if pays:
        pay_holds.credit_or_hold(assignment=assignment, why=why, now=now)
