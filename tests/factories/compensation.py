"""Pay rates and credits."""

from __future__ import annotations

import uuid

from django.utils import timezone

from codesign.compensation.models import PayRate, Transfer
from codesign.compensation.services import ledger, pay_rates
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Member


def set_rate(
    cohort: Cohort | None, amount_minor: int = 80, *, currency: str = "GBP", seconds: int = 180
) -> PayRate:
    """A rate in force from now on; `member.cohort` may be passed as it is."""
    assert cohort is not None
    return pay_rates.set_rate(
        actor=SYSTEM,
        cohort=cohort,
        amount_minor=amount_minor,
        currency=currency,
        estimated_seconds=seconds,
    )


def credit(member: Member, amount_minor: int = 80, *, currency: str = "GBP") -> Transfer:
    """Pay for one piece of made-up work."""
    made = ledger.credit(
        member=member,
        about=("test_work", uuid.uuid4(), "a text"),
        amount_minor=amount_minor,
        currency=currency,
        effective_at=timezone.now(),
    )
    assert made is not None
    return made
