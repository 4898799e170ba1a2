"""What people choose about their own pay, before they work."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from codesign.compensation.rules.pay_choices import CapPeriod
from codesign.shared.models import PublicModel, append_only
from codesign.studies.models import Member


class PayChoice(PublicModel):
    """How much of the pay a person takes, and their limit to what they earn. The latest counts.

    It applies to texts that are given later, so that nothing that they do not want is ever posted.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="pay_choices", db_index=False
    )
    share_percent = models.PositiveSmallIntegerField(help_text="Of the rate; 0 takes no pay.")
    cap_minor = models.PositiveBigIntegerField(
        null=True, help_text="Most pay in a period, in minor units; empty without a limit."
    )
    cap_currency = models.CharField(max_length=3, blank=True)
    cap_period = models.CharField(max_length=4, choices=CapPeriod, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "created_at"], name="pay_choice_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(share_percent__lte=100), name="pay_choice_at_most_all"
            ),
            models.CheckConstraint(
                condition=Q(cap_minor=None, cap_currency="", cap_period="")
                | Q(cap_minor__gte=0, cap_period__in=list(CapPeriod)) & ~Q(cap_currency=""),
                name="pay_choice_cap_is_whole",
            ),
        ]
        triggers: ClassVar = append_only()
