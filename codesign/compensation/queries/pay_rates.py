"""Pay rates in force, and those that were set before."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from codesign.compensation.models import (
    PayRate,
)
from codesign.shared.compiled_queries import CompiledQuery


@CompiledQuery
def _rate(cohort_id: uuid.UUID, at: datetime) -> QuerySet[PayRate]:
    rates = PayRate.objects.filter(cohort_id=cohort_id, effective_from__lte=at)
    return rates.order_by("-effective_from")[:1]


def rate_in_force(*, cohort_id: uuid.UUID, at: datetime) -> PayRate | None:
    """Return the rate in force at that time, or None."""
    return _rate.first(cohort_id=cohort_id, at=at)


def rates_in_force(*, study_id: uuid.UUID, at: datetime) -> dict[uuid.UUID, PayRate]:
    """Return cohort id → rate in force at that time, for every cohort that has one."""
    rates = PayRate.objects.filter(study_id=study_id, effective_from__lte=at)
    return {rate.cohort_id: rate for rate in rates.order_by("effective_from")}


def rates(*, study_id: uuid.UUID) -> QuerySet[PayRate]:
    """Return every rate that was ever set in a study, newest first."""
    return (
        PayRate.objects.filter(study_id=study_id)
        .select_related("cohort")
        .order_by("-effective_from")
    )
