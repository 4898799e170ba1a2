"""Deciding on held pay: a coordinator pays and uses, pays and leaves out, or does not pay."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from annotations.models import Assignment
from annotations.models.querysets import PAY_HELD
from annotations.permissions import CHECK_PAY
from annotations.rules.states import CREDITED, PayCheck
from annotations.rules.texts import storable
from annotations.services.pay_holds import credit
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.transition import transition
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

DECIDED = action("annotations.pay_decided", "decided on pay that was held")

SHORTEST_REASON = 100
"""Characters of a reason not to pay (standards 3.5)."""
FEWEST_WORDS = 10
"""Different ones in it: a reason is made of sentences."""
LONGEST_REASON = 1000
BATCH = 500
"""Pieces decided in one transaction."""
OPEN = (PayCheck.HELD, PayCheck.NOT_PAID)


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
    """Decide on these pieces of one person, or on all that were held `until` then; how many.

    At most `BATCH` at once. Work is credited by the rate of its lease, also to somebody who has
    left. Not to pay needs a reason, which the person reads; it can be paid later all the same.
    """
    decider = require(actor, CHECK_PAY, study)
    said = _checked(state, reason)
    member = _locked(actor, study, member_id)
    which = Q(id__in=pieces, pay_check__in=OPEN)
    if until is not None:
        which = PAY_HELD & Q(ended_at__lte=until)
    rows = Assignment.objects.filter(which, study=study, member=member).exclude(pay_check=state)
    locked = rows.select_for_update(no_key=True).order_by("id")[:BATCH]
    moved = list(locked)
    if not moved:
        raise Conflict("These have been decided on already. Please look at what is left.")
    for row in moved:
        row.member = member
        transition(row, field="pay_check", to=state, actor=actor, decided_by=decider, reason=said)
        if row.pay_check in CREDITED and row.ended_at:
            credit(assignment=row, effective_at=row.ended_at)
    audit.record(
        actor=actor,
        action=DECIDED,
        study_id=study.id,
        about=("member", member.id, member.pseudonym),
        data={"to": state, "pieces": len(moved), "reason": said},
    )
    return len(moved)


def _locked(actor: Actor, study: Study, member_id: uuid.UUID) -> Member:
    """The person whose work it is, locked as by what they send; nobody decides on their own."""
    members = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    member = members.filter(id=member_id, study=study).first()
    if member is None:
        raise NotFound("There is no such person in this study.")
    if member.user_id == actor.user_id:
        raise NotPermitted("Somebody else decides on your own pay.")
    return member


def _checked(state: str, reason: str) -> str:
    """The reason, tidied; refused where it is needed and too short, or no such decision."""
    if state not in (PayCheck.USED, PayCheck.LEFT_OUT, PayCheck.NOT_PAID):
        raise Invalid("There is no such decision.", {"state": ["Choose one of the decisions."]})
    said = " ".join(reason.split())
    if not storable(said) or len(said) > LONGEST_REASON:
        problem = f"Please give the reason in at most {LONGEST_REASON} ordinary characters."
        raise Invalid(problem, {"reason": [problem]})
    too_short = len(said) < SHORTEST_REASON or len(set(said.split())) < FEWEST_WORDS
    if state == PayCheck.NOT_PAID and too_short:
        problem = (
            f"Please write at least {SHORTEST_REASON} characters in sentences: the person reads why"
            " they are not paid."
        )
        raise Invalid(problem, {"reason": [problem]})
    return said
