"""Batches of payouts, their files and their results."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from codesign.compensation.models.payout_methods import PayoutMethod
from codesign.compensation.rules.payout_results import LONGEST_DETAIL, Outcome
from codesign.compensation.rules.payouts import (
    UNDER_WAY,
    BatchState,
    Channel,
    LeftOut,
    PayoutState,
)
from codesign.shared.models import PublicModel, append_only, one_of, write_once
from codesign.studies.models import Member, Study


class PayoutBatch(PublicModel):
    """Payouts of one study in one currency and by one channel, made and approved by two people."""

    SEALED: ClassVar = b"payout batch"
    """The use of the key for the payer's account and the file (`codesign.shared.sealing`)."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="payout_batches")
    currency = models.CharField(max_length=3)
    channel = models.CharField(max_length=10, choices=Channel)
    threshold_minor = models.PositiveBigIntegerField(help_text="Less than this is not paid yet.")
    payer = models.BinaryField(help_text="Sealed: the account that a SEPA file pays from.")
    state = models.CharField(max_length=10, default=BatchState.DRAFTED, choices=BatchState)
    made_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            one_of("channel", Channel, "payout_batch_channel_known"),
            one_of("state", BatchState, "payout_batch_state_known"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("made_by")),
                name="payout_batch_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[BatchState.DRAFTED, BatchState.CANCELLED])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="payout_batch_moves_once_approved",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["study", "-created_at", "-id"], name="payout_batch_newest")
        ]
        triggers: ClassVar = write_once(
            "study_id", "currency", "channel", "threshold_minor", "made_by_id"
        )


class PayoutQuerySet(models.QuerySet["Payout"]):
    """Payouts, by where their money is (decision 49)."""

    def under_way(self) -> PayoutQuerySet:
        """Those that were sent and are not known to have arrived."""
        return self.filter(state__in=UNDER_WAY)

    def unfinished(self) -> PayoutQuerySet:
        """Those that can still be sent or are under way."""
        return self.filter(state__in=[PayoutState.DRAFTED, *UNDER_WAY])


class Payout(PublicModel):
    """What one person is paid by a batch.

    `reference` is its idempotency key, unique for ever (standards 3.11): a bank that gets it twice
    knows that it is the same payment. A failed payout is never sent again. Its money is owed again,
    and the next batch pays it under a reference of its own.
    """

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payouts")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="payouts")
    method = models.ForeignKey(PayoutMethod, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=35, unique=True)
    state = models.CharField(max_length=10, default=PayoutState.DRAFTED, choices=PayoutState)
    left_out = models.CharField(max_length=12, blank=True, choices=LeftOut)
    moved_at = models.DateTimeField(null=True, help_text="When its state last changed.")

    objects = PayoutQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("state", PayoutState, "payout_state_known"),
            models.UniqueConstraint(fields=["batch", "member"], name="payout_once_per_batch"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_pays_something"),
        ]
        triggers: ClassVar = write_once(
            "batch_id", "member_id", "method_id", "amount_minor", "currency", "reference"
        )


class PayoutFile(PublicModel):
    """The file of an approved batch. It is built once; its bytes, hash and totals are stored."""

    batch = models.OneToOneField(PayoutBatch, on_delete=models.PROTECT, related_name="file")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    count = models.PositiveIntegerField(help_text="Payouts in it.")
    total_minor = models.PositiveBigIntegerField()
    content = models.BinaryField(help_text="Sealed; empty once everything in it is settled.")
    key_id = models.CharField(max_length=12, help_text="Of the key that sealed it.")

    class Meta:
        triggers: ClassVar = write_once(
            "batch_id", "name", "sha256", "size", "count", "total_minor"
        )


class ResultFile(PublicModel):
    """A file of results that was imported. The same bytes are imported once for each batch."""

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="result_files")
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    imported_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "sha256"], name="result_file_once")
        ]
        triggers: ClassVar = append_only()


class PayoutOutcome(models.Model):
    """What a file of results said of a payout, where that was news."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(ResultFile, on_delete=models.PROTECT, related_name="outcomes")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="outcomes")
    line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    detail = models.CharField(
        max_length=LONGEST_DETAIL, blank=True, help_text="The bank's words; emptied by erasure."
    )

    class Meta:
        constraints: ClassVar = [
            one_of("outcome", Outcome, "payout_outcome_known"),
            models.UniqueConstraint(fields=["file", "payout"], name="payout_outcome_once_per_file"),
        ]
        triggers: ClassVar = write_once("file_id", "payout_id", "line", "outcome")
