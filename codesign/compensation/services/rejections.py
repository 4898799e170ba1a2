"""Reject work: one coordinator proposes, another confirms, and then pay is taken (decision 48).

Every change of a study's rejections, appeals and approvals holds one lock of that study, so that a
piece of work is approved or rejected, never both.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Leg, RejectedWork, Rejection
from codesign.compensation.permissions import REVIEW_WORK
from codesign.compensation.queries import rejections as queries
from codesign.compensation.queries import reviews
from codesign.compensation.queries.reviews import Work
from codesign.compensation.registry import REVIEWED_WORK
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.compensation.rules.rejections import (
    MOST_WORKS,
    REJECTION_STATES,
    RejectionCategory,
    RejectionState,
    can_be_rejected,
    reason_problem,
)
from codesign.compensation.services import ledger, review_mails
from codesign.compensation.services.approvals import approve_works
from codesign.consent import queries as consent
from codesign.consent.queries import ConsentState
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

PROPOSED = action("compensation.rejection_proposed", gettext_lazy("proposed to reject work"))
MOVED = action("compensation.rejection_moved", gettext_lazy("decided on a rejection of work"))


def _log(move: Move) -> None:
    audit.record(
        actor=move.actor,
        action=MOVED,
        study_id=move.row.study_id,
        about=("rejection", move.row.id, ""),
        data={"state": move.new, **move.data},
    )


machine(Rejection, REJECTION_STATES, log=_log)


@transaction.atomic
def propose(
    *,
    actor: Actor,
    study: Study,
    member_id: uuid.UUID,
    works: Collection[Work],
    category: str,
    reason: str,
) -> Rejection:
    """Propose to reject pieces of a person's work, credited or held. Nothing is taken yet.

    `works` are at most `MOST_WORKS`. Refuses all of them if one was approved, is older than
    `AUTO_APPROVAL`, or is already in another rejection.
    """
    proposer = _person(require(actor, REVIEW_WORK, study))
    text = _checked(category, reason)
    lock_until_commit(Lock.REVIEW_PAY, study.id)
    member = Member.objects.filter(study=study, id=member_id).first()
    if member is None:
        raise NotFound(_("This study has no such person."))
    if member.user_id == actor.user_id:
        raise NotPermitted(_("You cannot decide on your own pay. Somebody else will."))
    found = _works_of(member, works)
    if not found or len(found) != len(set(works)):
        raise Conflict(
            _("Some of this work is approved, rejected or not paid. Please check what is left.")
        )
    credited = any(work.credit_id for work in found)
    if credited and consent.state_of(member_id=member.id) == ConsentState.LEFT:
        raise Conflict(_("This person has withdrawn. What they earned is paid."))
    rejection = Rejection.objects.create(
        study=study, member=member, category=category, reason=text, proposed_by=proposer
    )
    for work in found:
        work.rejection = rejection
    RejectedWork.objects.bulk_create(found)
    audit.record(
        actor=actor,
        action=PROPOSED,
        study_id=study.id,
        about=("rejection", rejection.id, ""),
        data={"category": category, "pieces": len(found), "person": member.pseudonym},
    )
    return rejection


@transaction.atomic
def confirm(*, actor: Actor, study: Study, rejection_id: uuid.UUID) -> Rejection:
    """Confirm what another coordinator proposed: credits are reversed, held pay is not paid.

    Work that was approved since, or whose time has passed, is left out. The person gets a mail.
    """
    confirmer = _person(require(actor, REVIEW_WORK, study))
    rejection = locked(study=study, rejection_id=rejection_id)
    if problem := queries.why_not_confirm(member=confirmer, rejection=rejection):
        raise NotPermitted(problem)
    REJECTION_STATES.check(rejection.state, RejectionState.CONFIRMED)
    works = _drop_what_is_settled(rejection)
    if not works:
        raise Conflict(_("The time for this has passed: the work is approved."))
    transition(
        rejection,
        to=RejectionState.CONFIRMED,
        actor=actor,
        changes={"confirmed_by": confirmer, "confirmed_at": timezone.now()},
        pieces=len(works),
    )
    for work in works:
        if work.credit:
            ledger.reverse(transfer=work.credit)
    for kind, ids in _held(works).items():
        REVIEWED_WORK.get(kind).refuse(actor=actor, ids=ids, decider=confirmer)
    review_mails.tell_of_rejection(rejection=rejection)
    return rejection


@transaction.atomic
def take_back(*, actor: Actor, study: Study, rejection_id: uuid.UUID) -> Rejection:
    """End a proposal before it is confirmed. Every coordinator can, because nobody loses by it."""
    _person(require(actor, REVIEW_WORK, study))
    rejection = locked(study=study, rejection_id=rejection_id)
    _end(rejection, RejectionState.TAKEN_BACK, actor)
    return rejection


@transaction.atomic
def pay_after_all(*, actor: Actor, study: Study, rejection_id: uuid.UUID) -> Rejection:
    """Correct a confirmed rejection that was wrong, without an appeal. One coordinator is enough.

    With an open appeal, the appeal is decided instead.
    """
    decider = _person(require(actor, REVIEW_WORK, study))
    rejection = locked(study=study, rejection_id=rejection_id)
    if queries.has_open_appeal(rejection_id=rejection.id, study_id=study.id):
        raise Conflict(_("The person has appealed. Please decide on the appeal."))
    revoke(actor=actor, rejection=rejection, decider=decider)
    review_mails.tell_of_payment(rejection=rejection)
    return rejection


def revoke(*, actor: Actor, rejection: Rejection, decider: Member | None) -> None:
    """Pay all work of a confirmed rejection again, for good. The caller has locked the rejection.

    `decider` is None where an appeal was not decided in time.
    """
    transition(rejection, to=RejectionState.REVOKED, actor=actor)
    works = list(
        rejection.works.filter(counts=True).select_related("credit__reversed_by__reverses")
    )
    for work in works:
        if work.credit:
            ledger.reverse(transfer=work.credit.reversed_by)
    for kind, ids in _held(works).items():
        REVIEWED_WORK.get(kind).pay(actor=actor, ids=ids, decider=decider)
    approve_works(
        study_id=rejection.study_id,
        works=[(work.about_kind, work.about_id) for work in works],
        approver=decider,
    )


@transaction.atomic
def lapse_of(*, actor: Actor, member: Member) -> None:
    """End the open proposals against somebody who withdraws. What they earned is paid."""
    lock_until_commit(Lock.REVIEW_PAY, member.study_id)
    for rejection in Rejection.objects.proposed().filter(member=member):
        _end(rejection, RejectionState.LAPSED, actor)


def lapse_overdue() -> int:
    """End proposals that nobody confirmed in time. Return their number. A timer calls this."""
    now, ended = timezone.now(), 0
    for one in queries.shown(Rejection.objects.proposed()):
        if not queries.can_still_be_confirmed(rejection=one, now=now):
            with transaction.atomic():
                rejection = locked(study=one.rejection.study, rejection_id=one.rejection.id)
                if rejection.state == RejectionState.PROPOSED:
                    _end(rejection, RejectionState.LAPSED, SYSTEM)
                    ended += 1
    return ended


def locked(*, study: Study, rejection_id: uuid.UUID) -> Rejection:
    """Return a rejection of a study, locked with all others of the study. Raises NotFound."""
    lock_until_commit(Lock.REVIEW_PAY, study.id)
    rows = Rejection.objects.select_for_update(no_key=True, of=("self",))
    rows = rows.select_related(
        "member__user", "member__study", "proposed_by__user", "confirmed_by__user"
    )
    rejection = rows.filter(study=study, id=rejection_id).first()
    if rejection is None:
        raise NotFound(_("This study has no such rejection."))
    return rejection


def _person(member: Member | None) -> Member:
    """Refuse the system: two people decide, so that no command or timer takes pay away."""
    if member is None:
        raise NotPermitted(_("Only a person can do this."))
    return member


def _checked(category: str, reason: str) -> str:
    if category not in RejectionCategory:
        problem = _("Choose what is wrong with the work.")
        raise Invalid(problem, {"category": [problem]})
    text = " ".join(reason.split())
    if too_short := reason_problem(text):
        raise Invalid(too_short, {"reason": [too_short]})
    return text


def _works_of(member: Member, works: Collection[Work]) -> list[RejectedWork]:
    """Return those of these pieces of a person that can be rejected, credited or held."""
    if len(works) > MOST_WORKS:
        raise Conflict(_("Please choose at most %(n)d pieces at once.") % {"n": MOST_WORKS})
    by_kind: dict[str, set[uuid.UUID]] = defaultdict(set)
    for kind, about_id in works:
        by_kind[kind].add(about_id)
    found = [
        work
        for kind, ids in by_kind.items()
        for work in [*_credited(member, kind, ids), *_waiting_for_pay(member, kind, ids)]
    ]
    taken = reviews.under_rejection(study_id=member.study_id, works=works)
    taken |= reviews.approved_of(study_id=member.study_id, works=works)
    now = timezone.now()
    return [
        work
        for work in found
        if can_be_rejected(done_at=work.done_at, approved=_key(work) in taken, now=now)
    ]


def _key(work: RejectedWork) -> Work:
    return work.about_kind, work.about_id


def _credited(member: Member, kind: str, ids: Collection[uuid.UUID]) -> list[RejectedWork]:
    legs = Leg.objects.filter(
        account__owner_id=member.id,
        account__kind=AccountKind.PAYABLE,
        transfer__kind=TransferKind.CREDIT,
        transfer__study_id=member.study_id,
        transfer__about_kind=kind,
        transfer__about_id__in=ids,
    )
    return [
        RejectedWork(
            about_kind=kind,
            about_id=leg.transfer.about_id,
            about_label=leg.transfer.about_label,
            amount_minor=leg.amount_minor,
            currency=leg.currency,
            done_at=leg.transfer.effective_at,
            credit=leg.transfer,
        )
        for leg in legs.select_related("transfer")
    ]


def _waiting_for_pay(member: Member, kind: str, ids: Collection[uuid.UUID]) -> list[RejectedWork]:
    if kind not in REVIEWED_WORK:
        return []
    return [
        RejectedWork(
            about_kind=kind,
            about_id=work.id,
            about_label=work.label,
            amount_minor=work.amount_minor,
            currency=work.currency,
            done_at=work.done_at,
        )
        for work in REVIEWED_WORK.get(kind).held(study_id=member.study_id, ids=ids)
        if work.member_id == member.id
    ]


def _held(works: Collection[RejectedWork]) -> dict[str, list[uuid.UUID]]:
    """Return kind → ids of the pieces that had no credit."""
    held: dict[str, list[uuid.UUID]] = defaultdict(list)
    for work in works:
        if work.credit_id is None:
            held[work.about_kind].append(work.about_id)
    return held


def _drop_what_is_settled(rejection: Rejection) -> list[RejectedWork]:
    """Let go of work that was approved or paid since the proposal. Return the rest."""
    works = list(rejection.works.filter(counts=True).select_related("credit__reverses"))
    keys = [_key(work) for work in works]
    approved = reviews.approved_of(study_id=rejection.study_id, works=keys)
    held = {
        (kind, work.id)
        for kind, ids in _held(works).items()
        for work in REVIEWED_WORK.get(kind).held(study_id=rejection.study_id, ids=ids)
    }
    now = timezone.now()
    rest = [
        work
        for work in works
        if can_be_rejected(done_at=work.done_at, approved=_key(work) in approved, now=now)
        and (work.credit_id or _key(work) in held)
    ]
    left_out = {work.id for work in works} - {work.id for work in rest}
    RejectedWork.objects.filter(id__in=left_out).update(counts=False)
    return rest


def _end(rejection: Rejection, state: RejectionState, actor: Actor) -> None:
    transition(rejection, to=state, actor=actor)
    rejection.works.update(counts=False)
