"""Pay that open work will be credited: of leased texts, and of work whose pay is checked."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from annotations.models import Assignment
from annotations.models.querysets import PAY_HELD
from annotations.rules.states import AssignmentState
from codesign.compensation.models import Budget
from codesign.compensation.queries.budgets import latest_for_a_lease
from codesign.compensation.rules.budgets import Room
from codesign.shared.compiled_queries import CompiledQuery
from codesign.studies.models import Member

LEASED = Q(state=AssignmentState.LEASED)


@CompiledQuery
def _budget(study_id: uuid.UUID, currency: str) -> QuerySet[Budget]:
    of_budget = {"study_id": OuterRef("study_id"), "currency": OuterRef("currency")}
    open_work = Assignment.objects.filter(LEASED | PAY_HELD, **of_budget).order_by()
    sums = open_work.values("study_id").annotate(total=Sum("amount_minor")).values("total")
    return latest_for_a_lease(study_id, currency).annotate(reserved=Subquery(sums))


def room_for_leases(*, study_id: uuid.UUID, currency: str) -> Room | None:
    """Return what is left of a budget for leases; None without a budget. One query.

    It is one statement, because judged work moves from reserved to spent: two statements could
    count it in neither.
    """
    budget: Any = _budget.first(study_id=study_id, currency=currency)
    if budget is None:
        return None
    return Room(
        left=budget.amount_minor
        - int(budget.spent or 0)
        - int(budget.reserved or 0)
        - int(budget.contested or 0),
        at_once=(budget.people or 0) * (budget.highest or 0),
    )


def is_pay_held(member_id: uuid.UUID) -> bool:
    """Return whether pay of a person waits for a check."""
    return Assignment.objects.pay_held().filter(member_id=member_id).exists()


def held_of(*, member: Member, currency: str, since: datetime) -> int:
    """Return a person's pay that waits for a check, of work done since then, in minor units."""
    work = Assignment.objects.pay_held().filter(
        member=member, currency=currency, ended_at__gte=since
    )
    return int(work.aggregate(total=Sum("amount_minor"))["total"] or 0)


def reserved(study_ids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], int]:
    """Return (study, currency) → reserved pay in minor units. One query."""
    open_work = Assignment.objects.filter(LEASED | PAY_HELD, study_id__in=study_ids)
    sums = open_work.values_list("study_id", "currency").annotate(total=Sum("amount_minor"))
    return {(study_id, currency): int(total) for study_id, currency, total in sums.order_by()}
