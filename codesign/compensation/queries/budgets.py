"""Budgets of studies: what is spent, reserved and left."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery, Sum

from codesign.compensation.models import Budget, LedgerCounter, PayRate, RejectedWork
from codesign.compensation.registry import RESERVED
from codesign.compensation.rules.budgets import Funds
from codesign.studies.models import Member


def funds_by_currency(*, study_id: uuid.UUID) -> dict[str, Funds]:
    """Return currency → funds, for each currency in which the study has a budget.

    One query without a budget, else four.
    """
    latest = latest_budgets(Budget.objects.filter(study_id=study_id))
    found = funds_of(latest) if latest else {}
    return {budget.currency: funds for budget, funds in found.items()}


def funds_of(budgets: Collection[Budget]) -> dict[Budget, Funds]:
    """Return each budget, the latest of its study and currency, with its funds. Three queries."""
    study_ids = {budget.study_id for budget in budgets}
    counters = LedgerCounter.objects.filter(study_id__in=study_ids)
    sums = counters.values_list("study_id", "currency").annotate(spent=Sum("earned")).order_by()
    spent = {(study_id, currency): total for study_id, currency, total in sums}
    reserved: Counter[tuple[uuid.UUID, str]] = Counter()
    for _name, find in RESERVED:
        reserved.update(find(study_ids))
    appeals = RejectedWork.objects.can_be_granted().filter(rejection__study__in=study_ids)
    granted = appeals.values_list("rejection__study_id", "currency").annotate(n=Sum("amount_minor"))
    reserved.update({(study_id, currency): int(n) for study_id, currency, n in granted.order_by()})
    return {
        budget: Funds(
            currency=budget.currency,
            budget=budget.amount_minor,
            spent=int(spent.get((budget.study_id, budget.currency), 0)),
            reserved=reserved[budget.study_id, budget.currency],
        )
        for budget in budgets
    }


def latest_budgets(budgets: QuerySet[Budget]) -> list[Budget]:
    """Return the latest budget of each study and currency."""
    newest = budgets.select_related("study").order_by("study_id", "currency", "-created_at")
    return list(newest.distinct("study_id", "currency"))


def budgets_of(*, study_id: uuid.UUID) -> QuerySet[Budget]:
    """Return every budget that was ever set in a study, newest first."""
    return Budget.objects.filter(study_id=study_id).order_by("-created_at", "id")


def latest_for_a_lease(study_id: Any, currency: Any) -> QuerySet[Budget]:
    """Return the latest budget with the `highest` rate ever and the number of `people`.

    `spent` is what it has spent, and `contested` what appeals can still take from it.
    """
    of_budget = {"study_id": OuterRef("study_id"), "currency": OuterRef("currency")}
    counters = LedgerCounter.objects.filter(**of_budget).values("study_id").order_by()
    appeals = RejectedWork.objects.can_be_granted().filter(
        rejection__study_id=OuterRef("study_id"), currency=OuterRef("currency")
    )
    rates = PayRate.objects.filter(**of_budget).values("study_id").order_by()
    people = Member.objects.current().filter(study_id=OuterRef("study_id"), cohort__isnull=False)
    budgets = Budget.objects.filter(study_id=study_id, currency=currency).annotate(
        spent=Subquery(counters.annotate(total=Sum("earned")).values("total")),
        contested=Subquery(
            appeals.values("rejection__study_id")
            .order_by()
            .annotate(total=Sum("amount_minor"))
            .values("total")
        ),
        highest=Subquery(rates.annotate(most=Max("amount_minor")).values("most")),
        people=Subquery(people.values("study_id").order_by().annotate(n=Count("id")).values("n")),
    )
    return budgets.order_by("-created_at")[:1]
