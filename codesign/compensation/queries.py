"""Reading pay: what is in force, what somebody has earned."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet, Sum

from codesign.compensation.models import Leg, PayRate


def rate_in_force(*, cohort_id: uuid.UUID, at: datetime) -> PayRate | None:
    """What one piece of work pays at that moment; None where nothing was set."""
    return (
        PayRate.objects.filter(cohort_id=cohort_id, effective_from__lte=at)
        .order_by("-effective_from")
        .first()
    )


def balances(*, member_id: uuid.UUID) -> dict[str, int]:
    """currency → minor units that a person has earned and not been paid."""
    legs = Leg.objects.filter(
        account__owner_kind="member", account__owner_id=member_id, account__kind="earned"
    )
    return dict(legs.values_list("currency").annotate(total=Sum("amount_minor")).order_by())


def entries(*, member_id: uuid.UUID) -> QuerySet[Leg]:
    """Every entry of a person's account, newest first, with its transfer."""
    return (
        Leg.objects.filter(
            account__owner_kind="member", account__owner_id=member_id, account__kind="earned"
        )
        .select_related("transfer")
        .order_by("-id")
    )
