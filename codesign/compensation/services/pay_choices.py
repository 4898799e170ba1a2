"""Stores what people choose about their own pay."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import PayChoice
from codesign.compensation.permissions import CHOOSE_PAY
from codesign.compensation.queries.pay_rates import rate_in_force
from codesign.compensation.rules.pay_choices import ALL, CapPeriod
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.permissions import member_with

CHOSEN = action("compensation.pay_chosen", gettext_lazy("chose how much to earn"))

MOST_MINOR = 10**15


@transaction.atomic
def choose(
    *,
    actor: Actor,
    slug: str,
    share_percent: int,
    cap_minor: int | None,
    cap_period: CapPeriod | None,
) -> PayChoice:
    """Store how much of the pay the actor takes, and how much they want to earn at most.

    It applies to texts that are given from now on. The limit is in the currency of the rate in
    force. What they chose is not in the audit trail, because it can tell about their income.
    """
    member = member_with(actor, CHOOSE_PAY, slug=slug)
    if not 0 <= share_percent <= ALL:
        problem = _("Type a number from 0 to 100.")
        raise Invalid(problem, {"share": [problem]})
    if cap_minor is not None and not (0 <= cap_minor <= MOST_MINOR and cap_period):
        problem = _("Type a smaller amount, and choose a week or a year.")
        raise Invalid(problem, {"cap": [problem]})
    rate = (
        rate_in_force(cohort_id=member.cohort_id, at=timezone.now()) if member.cohort_id else None
    )
    if rate is None:
        raise Conflict(_("The pay for this study has not been set."))
    capped = cap_minor is not None
    made = PayChoice.objects.create(
        member=member,
        share_percent=share_percent,
        cap_minor=cap_minor,
        cap_currency=rate.currency if capped else "",
        cap_period=cap_period if capped and cap_period else "",
    )
    audit.record(
        actor=actor,
        action=CHOSEN,
        study_id=member.study_id,
        about=("member", member.id, member.pseudonym),
    )
    return made
