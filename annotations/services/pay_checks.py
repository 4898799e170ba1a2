"""Decide on held pay: pay and use the work, pay and leave it out of releases, or do not pay."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

DECIDED = action("annotations.pay_decided", gettext_lazy("decided on held pay"))

SHORTEST_REASON = 100
"""Least characters of a reason not to pay (standards 3.5)."""
FEWEST_WORDS = 10
"""Least different words of a reason, because a reason needs sentences."""
LONGEST_REASON = 1000
BATCH = 500
"""Pieces of work in one transaction."""
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
    """Decide on these pieces of a person's work, or on all that are held up to `until`.

    Returns their number, at most `BATCH`. Work is credited at the rate of its lease, even if the
    person has left. Not paying needs a reason, which the person reads. Work can be paid later.
    """
    decider = require(actor, CHECK_PAY, study)
    checked_reason = _checked(state, reason)
    member = _locked(actor, study, member_id)
    which = Q(id__in=pieces, pay_check__in=OPEN)
    if until is not None:
        which = PAY_HELD & Q(ended_at__lte=until)
    rows = Assignment.objects.filter(which, study=study, member=member).exclude(pay_check=state)
    locked = rows.select_for_update(no_key=True).order_by("id")[:BATCH]
    moved = list(locked)
    if not moved:
        raise Conflict(_("These are already decided. Please check what is left."))
    for row in moved:
        row.member = member
        transition(
            row, field="pay_check", to=state, actor=actor, decided_by=decider, reason=checked_reason
        )
        if row.pay_check in CREDITED and row.ended_at:
            credit(assignment=row, effective_at=row.ended_at)
    audit.record(
        actor=actor,
        action=DECIDED,
        study_id=study.id,
        about=("member", member.id, member.pseudonym),
        data={"to": state, "pieces": len(moved), "reason": checked_reason},
    )
    return len(moved)


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
    """Return the normalised reason. Refuses unknown decisions and missing or short reasons."""
    if state not in (PayCheck.USED, PayCheck.LEFT_OUT, PayCheck.NOT_PAID):
        raise Invalid(_("Unknown decision."), {"state": [_("Choose one of the decisions.")]})
    text = " ".join(reason.split())
    if not storable(text) or len(text) > LONGEST_REASON:
        problem = _("Please use at most %(n)d ordinary characters for the reason.")
        problem %= {"n": LONGEST_REASON}
        raise Invalid(problem, {"reason": [problem]})
    too_short = len(text) < SHORTEST_REASON or len(set(text.split())) < FEWEST_WORDS
    if state == PayCheck.NOT_PAID and too_short:
        problem = _(
            "Please write at least %(n)d characters in full sentences. The person will read why"
            " they are not paid."
        ) % {"n": SHORTEST_REASON}
        raise Invalid(problem, {"reason": [problem]})
    return text
