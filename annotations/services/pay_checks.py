"""Decide on held pay: pay and use the work, pay and leave it out of releases, or do not pay."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Assignment
from annotations.models.querysets import PAY_HELD
from annotations.permissions import CHECK_PAY
from annotations.rules.states import PayCheck
from annotations.rules.texts import storable
from annotations.services.pay_holds import credit
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Rejection
from codesign.compensation.rules.rejections import AUTO_APPROVAL, MOST_WORKS
from codesign.compensation.services import rejections
from codesign.compensation.services.approvals import approve_works
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.transition import transition
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

DECIDED = action("annotations.pay_decided", gettext_lazy("decided on held pay"))

LONGEST_REASON = 1000
BATCH = 500
"""Pieces of work in one transaction."""
KIND = "assignment"
"""The kind of work in the ledger."""


@transaction.atomic
def decide(
    *,
    actor: Actor,
    study: Study,
    member_id: uuid.UUID,
    state: str,
    reason: str = "",
    pieces: Collection[uuid.UUID] = (),
    until: datetime | None = None,
) -> int:
    """Pay these pieces of a person's work, or all that are held up to `until`.

    Returns their number, at most `BATCH`. Work is credited at the rate of its lease, even if the
    person has left, and is thereby approved. Not paying needs two people: `propose_not_to_pay`.
    """
    decider = require(actor, CHECK_PAY, study)
    checked_reason = _checked(state, reason)
    member = _locked(actor, study, member_id)
    lock_until_commit(Lock.REVIEW_PAY, study.id)
    rows = Assignment.objects.filter(_which(pieces, until), study=study, member=member)
    moved = list(rows.select_for_update(no_key=True).order_by("id")[:BATCH])
    if not moved:
        raise Conflict(_("These are already decided. Please check what is left."))
    for row in moved:
        row.member = member
        transition(
            row, field="pay_check", to=state, actor=actor, decided_by=decider, reason=checked_reason
        )
        credit(assignment=row, effective_at=row.ended_at or row.leased_at)
    approve_works(study_id=study.id, works=[(KIND, row.id) for row in moved], approver=decider)
    audit.record(
        actor=actor,
        action=DECIDED,
        study_id=study.id,
        about=("member", member.id, member.pseudonym),
        data={"to": state, "pieces": len(moved), "reason": checked_reason},
    )
    return len(moved)


def propose_not_to_pay(
    *,
    actor: Actor,
    study: Study,
    member_id: uuid.UUID,
    category: str,
    reason: str,
    pieces: Collection[uuid.UUID] = (),
    until: datetime | None = None,
) -> Rejection:
    """Propose to reject these pieces of held work, or all up to `until` (at most `MOST_WORKS`).

    Another coordinator confirms. Until then the pay stays held.
    """
    require(actor, CHECK_PAY, study)
    works = [(KIND, id) for id in pieces]
    if until is not None:
        rows = Assignment.objects.filter(_which((), until), study=study, member_id=member_id)
        held = rows.filter(amount_minor__gt=0).order_by("ended_at", "id")
        works = [(KIND, id) for id in held.values_list("id", flat=True)[:MOST_WORKS]]
    return rejections.propose(
        actor=actor,
        study=study,
        member_id=member_id,
        works=works,
        category=category,
        reason=reason,
    )


def pay_overdue() -> int:
    """Pay what was held for `AUTO_APPROVAL` without a decision, and leave it out of releases.

    Returns the number of pieces, at most `BATCH`. A timer calls this, so that nobody waits for ever
    (standards 3.5).
    """
    due = Assignment.objects.pay_held().filter(ended_at__lte=timezone.now() - AUTO_APPROVAL)
    with transaction.atomic():
        rows = due.select_related("member__study").order_by("ended_at", "id")
        locked = list(rows.select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
        for row in locked:
            transition(
                row,
                field="pay_check",
                to=PayCheck.LEFT_OUT,
                actor=SYSTEM,
                decided_by=None,
                reason="",
            )
            credit(assignment=row, effective_at=row.ended_at or row.leased_at)
    return len(locked)


def _which(pieces: Collection[uuid.UUID], until: datetime | None) -> Q:
    return PAY_HELD & (Q(id__in=pieces) if until is None else Q(ended_at__lte=until))


def _locked(actor: Actor, study: Study, member_id: uuid.UUID) -> Member:
    """Return the person, locked as by their own requests. Refuses decisions on one's own pay."""
    members = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    member = members.filter(id=member_id, study=study).first()
    if member is None:
        raise NotFound(_("This study has no such person."))
    if member.user_id == actor.user_id:
        raise NotPermitted(_("You cannot decide on your own pay. Somebody else will."))
    return member


def _checked(state: str, reason: str) -> str:
    """Return the normalised note. Refuses unknown decisions, and notes that cannot be stored."""
    if state not in (PayCheck.USED, PayCheck.LEFT_OUT):
        raise Invalid(_("Unknown decision."), {"state": [_("Choose one of the decisions.")]})
    text = " ".join(reason.split())
    if not storable(text) or len(text) > LONGEST_REASON:
        problem = _("Please use at most %(n)d ordinary characters for the reason.")
        problem %= {"n": LONGEST_REASON}
        raise Invalid(problem, {"reason": [problem]})
    return text
