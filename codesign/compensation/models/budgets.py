"""What a study may spend on pay, and the warnings that were sent about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from codesign.shared.models import PublicModel, append_only
from codesign.studies.models import Study


class Budget(PublicModel):
    """What a study may spend on pay in one currency. The latest row counts.

    What is spent comes from the ledger, and what is reserved from open work.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="budgets")
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveBigIntegerField(
        help_text="For the whole study, including what was spent before."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "currency", "created_at"], name="budget_one_at_a_time"
            )
        ]
        triggers: ClassVar = append_only()


class BudgetWarning(PublicModel):
    """A mail that told the coordinators that this share of a budget is used. One for each share."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="warnings")
    percent = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget", "percent"], name="budget_warning_once")
        ]
        triggers: ClassVar = append_only()
