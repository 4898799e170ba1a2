"""What the review of pay does with assignments whose pay is held (decisions 20 and 48)."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from annotations.models import Assignment
from annotations.rules.states import PayCheck
from annotations.services.pay_holds import credit
from codesign.compensation.registry import HeldWork
from codesign.shared.actors import Actor
from codesign.shared.transition import transition
from codesign.studies.models import Member


def held(*, study_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[HeldWork]:
    """Lock and return those of these assignments of a study whose pay is held."""
    rows = Assignment.objects.pay_held().filter(study_id=study_id, id__in=ids, amount_minor__gt=0)
    return [
        HeldWork(
            id=one.id,
            label=one.paid_as,
            member_id=one.member_id,
            amount_minor=one.amount_minor,
            currency=one.currency,
            done_at=one.ended_at or one.leased_at,
        )
        for one in rows.select_for_update(no_key=True).order_by("id")
    ]


def refuse(*, actor: Actor, ids: Collection[uuid.UUID], decider: Member) -> None:
    """End the pay check of held work without pay, as a confirmed rejection says."""
    for row in _locked(ids):
        transition(
            row, field="pay_check", to=PayCheck.NOT_PAID, actor=actor, decided_by=decider, reason=""
        )


def pay(*, actor: Actor, ids: Collection[uuid.UUID], decider: Member | None) -> None:
    """Credit work that was not paid. Releases use it if a person decided so."""
    state = PayCheck.USED if decider else PayCheck.LEFT_OUT
    for row in _locked(ids):
        transition(row, field="pay_check", to=state, actor=actor, decided_by=decider, reason="")
        credit(assignment=row, effective_at=row.ended_at or row.leased_at)


def _locked(ids: Collection[uuid.UUID]) -> list[Assignment]:
    rows = Assignment.objects.filter(id__in=ids).select_related("member__study")
    return list(rows.select_for_update(no_key=True, of=("self",)).order_by("id"))
