"""Pay that open work will be credited: of leased texts, and of work whose pay is checked."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import Q, QuerySet, Sum

from annotations.models import Assignment
from annotations.models.querysets import PAY_HELD
from annotations.rules.states import AssignmentState
from codesign.shared.compiled_queries import CompiledQuery

LEASED = Q(state=AssignmentState.LEASED)


@CompiledQuery
def _reserved(study_id: uuid.UUID, currency: str) -> QuerySet[Assignment, tuple[int]]:
    open_work = Assignment.objects.filter(LEASED | PAY_HELD, study_id=study_id, currency=currency)
    sums = open_work.values("study_id").order_by().annotate(total=Sum("amount_minor"))
    return sums.values_list("total")


def reserved_in(*, study_id: uuid.UUID, currency: str) -> int:
    """Return the reserved pay of one study in one currency, in minor units. One query."""
    rows = _reserved.rows(study_id=study_id, currency=currency)
    return int(rows[0][0]) if rows else 0


def reserved(study_ids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], int]:
    """Return (study, currency) → reserved pay in minor units. One query."""
    open_work = Assignment.objects.filter(LEASED | PAY_HELD, study_id__in=study_ids)
    sums = open_work.values_list("study_id", "currency").annotate(total=Sum("amount_minor"))
    return {(study_id, currency): int(total) for study_id, currency, total in sums.order_by()}
