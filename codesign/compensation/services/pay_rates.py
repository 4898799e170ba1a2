"""Sets pay rates and records what people were promised."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import PayRate, Promise
from codesign.compensation.permissions import SET_PAY
from codesign.compensation.queries import floors
from codesign.compensation.queries import pay_rates as queries
from codesign.compensation.rules import pay_rates as rules
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid
from codesign.studies.models import Cohort, Member
from codesign.studies.permissions import require

RATE_SET = action("compensation.rate_set", gettext_lazy("set a pay rate"))


@transaction.atomic
def set_rate(
    *,
    actor: Actor,
    cohort: Cohort,
    amount_minor: int,
    currency: str,
    estimated_seconds: int,
    effective_from: datetime | None = None,
) -> PayRate:
    """Set what a text with one or two replies pays a cohort from a given time on (minor units).

    Raises Invalid for a rate of zero, an implausibly high rate, a currency that is not in use, or a
    rate below a minimum that holds in the study's countries.
    """
    require(actor, SET_PAY, cohort.study)
    if problems := rules.rate_problems(
        amount_minor=amount_minor, currency=currency, estimated_seconds=estimated_seconds
    ):
        sentences = [sentence for errors in problems.values() for sentence in errors]
        raise Invalid(" ".join(sentences), problems)
    begins = effective_from or timezone.now()
    if low := floors.why_below(
        study=cohort.study,
        amount_minor=amount_minor,
        currency=currency,
        estimated_seconds=estimated_seconds,
        on=begins.date(),
    ):
        raise Invalid(low, {"amount": [low]})
    rate = PayRate.objects.create(
        study=cohort.study,
        cohort=cohort,
        amount_minor=amount_minor,
        currency=currency,
        estimated_seconds=estimated_seconds,
        effective_from=begins,
    )
    audit.record(
        actor=actor,
        action=RATE_SET,
        study_id=cohort.study_id,
        about=("pay_rate", rate.id, f"{amount_minor} {currency}"),
        data={"cohort": cohort.key, "amount_minor": amount_minor, "currency": currency},
    )
    return rate


def promise(*, member: Member) -> Promise | None:
    """Record what the member was told before they started, once for each rate."""
    if member.cohort_id is None:
        return None
    rate = queries.rate_in_force(cohort_id=member.cohort_id, at=timezone.now())
    if rate is None:
        return None
    hourly = rules.hourly_minor(
        amount_minor=rate.amount_minor, estimated_seconds=rate.estimated_seconds
    )
    promised, _created = Promise.objects.get_or_create(
        member=member, rate=rate, defaults={"hourly_minor": hourly}
    )
    return promised
