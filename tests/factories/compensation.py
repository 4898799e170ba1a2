"""Pay rates, floors, budgets and credits."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import timezone

from codesign.compensation.models import Budget, PayFloor, PayRate, Transfer
from codesign.compensation.rules.floors import Floor
from codesign.compensation.services import budgets, floors, ledger, pay_rates
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Member, Study


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


def set_floor(
    *,
    minimum_minor: int | None = None,
    recommended_minor: int | None = None,
    country: str = "",
    currency: str = "GBP",
) -> PayFloor:
    """One more norm that holds from today on."""
    return floors.set_floor(
        actor=SYSTEM,
        floor=Floor(
            norm="A norm",
            country=country,
            currency=currency,
            minimum_minor=minimum_minor,
            recommended_minor=recommended_minor,
            valid_from=timezone.now().date(),
            source="A test",
        ),
    )


def set_budget(study: Study, amount_minor: int, currency: str = "GBP") -> Budget:
    """What the study may spend from now on."""
    return budgets.set_budget(
        actor=SYSTEM, study=study, amount_minor=amount_minor, currency=currency
    )


def credit(
    member: Member, amount_minor: int = 80, *, currency: str = "GBP", at: datetime | None = None
) -> Transfer:
    """Pay for one piece of made-up work, done now or at that time."""
    made = ledger.credit(
        member=member,
        about=("test_work", uuid.uuid4(), "a text"),
        amount_minor=amount_minor,
        currency=currency,
        effective_at=at or timezone.now(),
    )
    assert made is not None
    return made
