"""Pay rates, and what each person was promised."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from codesign.shared.models import PublicModel, append_only
from codesign.studies.models import Cohort, Member, Study


class PayRate(PublicModel):
    """What one piece of work pays a cohort from a given time on. The latest rate counts."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="pay_rates")
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="pay_rates")
    amount_minor = models.PositiveBigIntegerField(
        help_text="For one or two replies, in the currency's smallest unit."
    )
    currency = models.CharField(max_length=3)
    estimated_seconds = models.PositiveIntegerField(help_text="Promised time for one piece.")
    effective_from = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cohort", "effective_from"], name="pay_rate_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(estimated_seconds__gt=0), name="pay_rate_takes_time"
            ),
        ]
        triggers: ClassVar = append_only()


class Promise(PublicModel):
    """What a person was told before they started: amount, time, hourly rate (standards 3.1)."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="promises")
    rate = models.ForeignKey(PayRate, on_delete=models.PROTECT, related_name="promises")
    hourly_minor = models.PositiveBigIntegerField(help_text="Minor units per hour, rounded down.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "rate"], name="promise_once_per_rate")
        ]
        triggers: ClassVar = append_only()
