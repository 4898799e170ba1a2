"""The floors of pay that hold for a study."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date

from django.utils import timezone

from codesign.compensation.models import PayFloor
from codesign.compensation.registry import COUNTRIES
from codesign.compensation.rules.floors import SEEDED, Floor, in_force, refusal_words
from codesign.studies.models import Study


def floors_of(*, study_id: uuid.UUID, currencies: Collection[str], on: date) -> list[Floor]:
    """Return the floors that hold in the study's countries for these currencies. Two queries."""
    countries = {code for _name, find in COUNTRIES for code in find(study_id)}
    added = [
        Floor(
            norm=row.norm,
            country=row.country,
            currency=row.currency,
            minimum_minor=row.minimum_minor,
            recommended_minor=row.recommended_minor,
            valid_from=row.valid_from,
            source=row.source,
        )
        for row in PayFloor.objects.filter(currency__in=currencies)
    ]
    return [
        floor
        for currency in sorted(currencies)
        for floor in in_force((*SEEDED, *added), countries=countries, currency=currency, on=on)
    ]


def why_below(
    *, study: Study, amount_minor: int, currency: str, estimated_seconds: int, on: date
) -> str:
    """Return why a rate from that day on is below a minimum, else "" (standards 3.2).

    A date in the past does not escape the floors of today.
    """
    day = max(on, timezone.now().date())
    return refusal_words(
        floors_of(study_id=study.id, currencies=[currency], on=day),
        amount_minor=amount_minor,
        currency=currency,
        estimated_seconds=estimated_seconds,
    )
