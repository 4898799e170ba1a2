"""Pay rates, floors, budgets, credits and rejections."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import timezone

from codesign.compensation.models import Budget, PayFloor, PayRate, Rejection, Transfer
from codesign.compensation.rules.floors import Floor
from codesign.compensation.services import budgets, floors, ledger, pay_rates, rejections
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Cohort, Member, Study
from tests.factories.studies import staff

REASON = (
    "All forty answers came within one third of a second of each other, at night, and each of them"
    " chose the first option. We wrote twice and got no reply."
)
"""A reason to reject work, long enough."""


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


def propose(made: Transfer, member: Member, *, by: Member | None = None) -> Rejection:
    """A proposal to reject one credit, by a coordinator."""
    return rejections.propose(
        actor=Actor.of((by or staff(member.study)).user),
        study=member.study,
        member_id=member.id,
        works=[(made.about_kind, made.about_id)],
        category="automated",
        reason=REASON,
    )


def reject(made: Transfer, member: Member) -> Rejection:
    """A rejection of one credit by two coordinators."""
    return confirm(propose(made, member))


def confirm(rejection: Rejection, *, by: Member | None = None) -> Rejection:
    """Confirm a proposal, as another coordinator."""
    study = rejection.study
    actor = Actor.of((by or staff(study)).user)
    return rejections.confirm(actor=actor, study=study, rejection_id=rejection.id)
