"""Checks of the time that work took, against the time that was promised (standards 3.3)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from codesign.shared.models import PublicModel, append_only
from codesign.studies.models import Cohort, Study


class TimeCheck(PublicModel):
    """How long the judgements of a cohort took that were credited in one period.

    A period begins where the last one ended, so that each piece of work is in exactly one. If the
    work took longer than promised, each person gets an adjustment for their work of the period.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="time_checks")
    began = models.DateTimeField(null=True, help_text="Exclusive; empty in the first one.")
    ended = models.DateTimeField(help_text="Inclusive.")
    pieces = models.PositiveIntegerField()
    permille = models.PositiveBigIntegerField(
        help_text="Median of active time by promised time, in thousandths, rounded up."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "began"], name="time_check_one_of_a_period"),
            models.UniqueConstraint(fields=["cohort", "ended"], name="time_check_ends_once"),
            models.CheckConstraint(
                condition=Q(began=None) | Q(ended__gt=F("began")), name="time_check_takes_time"
            ),
        ]
        triggers: ClassVar = append_only()

    @property
    def percent(self) -> int:
        """Return the share of the promised time in percent, rounded up."""
        return -(-self.permille // 10)
