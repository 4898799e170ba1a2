"""Rejections of work, appeals against them, and approvals (decision 48)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import GreaterThanOrEqual

from codesign.compensation.models.ledger import Transfer
from codesign.compensation.rules.rejections import (
    APPEAL_WITHIN,
    LONGEST_APPEAL,
    LONGEST_REASON,
    SHORTEST_REASON,
    AppealState,
    RejectionCategory,
    RejectionState,
)
from codesign.shared.models import PublicModel, append_only, one_of, write_once
from codesign.studies.models import Member, Study

CONFIRMED = (RejectionState.CONFIRMED, RejectionState.REVOKED)
REJECTED = Q(rejection__state=RejectionState.CONFIRMED)
"""Of rejected work: its pay is taken away now."""


class RejectionQuerySet(models.QuerySet["Rejection"]):
    """Rejections, by what happens next."""

    def proposed(self) -> RejectionQuerySet:
        """Those that wait for a second coordinator."""
        return self.filter(state=RejectionState.PROPOSED)

    def ever_confirmed(self) -> RejectionQuerySet:
        """Those that took pay away, even if it was paid after all."""
        return self.filter(state__in=CONFIRMED)


class Rejection(PublicModel):
    """Work of one person that is not to be paid: proposed by one coordinator, confirmed by another.

    One rejection can hold several pieces of work, so that the person gets one reason, one mail and
    one appeal.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rejections")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="rejections")
    category = models.CharField(max_length=20, choices=RejectionCategory)
    reason = models.CharField(max_length=LONGEST_REASON, help_text="For the person to read.")
    state = models.CharField(max_length=10, choices=RejectionState, default=RejectionState.PROPOSED)
    proposed_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    objects = RejectionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("state", RejectionState, "rejection_state_known"),
            one_of("category", RejectionCategory, "rejection_category_known"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="rejection_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=CONFIRMED, confirmed_by__isnull=False, confirmed_at__isnull=False
                )
                | (~Q(state__in=CONFIRMED) & Q(confirmed_by=None, confirmed_at=None)),
                name="rejection_confirmed_has_two",
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("reason"), SHORTEST_REASON),
                name="rejection_has_a_reason",
            ),
        ]
        triggers: ClassVar = write_once(
            "study_id", "member_id", "category", "reason", "proposed_by_id"
        )


class RejectedWorkQuerySet(models.QuerySet["RejectedWork"]):
    """Pieces of rejected work, by whether they can still be paid."""

    def can_be_granted(self) -> RejectedWorkQuerySet:
        """Those whose pay was taken away, with an open appeal or time left for one."""
        still = Q(rejection__appeal=None, rejection__confirmed_at__gt=Now() - APPEAL_WITHIN)
        open_appeal = Q(rejection__appeal__state=AppealState.OPEN)
        return self.filter(REJECTED, still | open_appeal, counts=True)


class RejectedWork(models.Model):
    """One piece of work of a rejection. At most one rejection of it counts."""

    id = models.BigAutoField(primary_key=True)
    rejection = models.ForeignKey(Rejection, on_delete=models.PROTECT, related_name="works")
    about_kind = models.CharField(max_length=40)
    about_id = models.UUIDField()
    about_label = models.CharField(max_length=200, blank=True)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    done_at = models.DateTimeField()
    credit = models.ForeignKey(
        Transfer,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty for work whose pay was held.",
    )
    counts = models.BooleanField(
        default=True, help_text="False if the proposal ended, or this work was approved first."
    )

    objects = RejectedWorkQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["about_kind", "about_id"],
                condition=Q(counts=True),
                name="rejected_work_counts_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="rejected_work_takes_something"
            ),
        ]
        triggers: ClassVar = write_once(
            "rejection_id",
            "about_kind",
            "about_id",
            "about_label",
            "amount_minor",
            "currency",
            "done_at",
            "credit_id",
        )


class Appeal(PublicModel):
    """What a person answers to a rejection, and the decision on it. One for each rejection."""

    rejection = models.OneToOneField(Rejection, on_delete=models.PROTECT, related_name="appeal")
    text = models.CharField(
        max_length=LONGEST_APPEAL, blank=True, help_text="Emptied if the person is erased."
    )
    state = models.CharField(max_length=8, choices=AppealState, default=AppealState.OPEN)
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=LONGEST_REASON, blank=True, help_text="For the person.")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            one_of("state", AppealState, "appeal_state_known"),
            models.CheckConstraint(
                condition=Q(state=AppealState.OPEN, decided_by=None, decided_at=None, answer="")
                | (~Q(state=AppealState.OPEN) & ~Q(answer="") & Q(decided_at__isnull=False)),
                name="appeal_decided_with_an_answer",
            ),
            models.CheckConstraint(
                condition=~Q(state=AppealState.UPHELD) | Q(decided_by__isnull=False),
                name="appeal_upheld_by_a_person",
            ),
        ]
        triggers: ClassVar = write_once("rejection_id")


class Approval(models.Model):
    """A person has approved a piece of work before its time, so it cannot be rejected."""

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    about_kind = models.CharField(max_length=40)
    about_id = models.UUIDField()
    approved_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["about_kind", "about_id"], name="approval_once")
        ]
        triggers: ClassVar = append_only()
