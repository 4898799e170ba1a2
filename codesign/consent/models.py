"""Consent tables: versions are immutable, everything signed is append-only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from codesign.consent import rules
from codesign.shared.models import PublicModel, append_only
from codesign.studies.models import Member, Study


class ConsentVersion(PublicModel):
    """A published text. It never changes; a change is a new version (standards 2.1)."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_versions")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=12)
    content = models.JSONField(help_text="title, key_information, sections, choices")
    content_hash = models.CharField(max_length=64)
    material = models.BooleanField(
        default=True, help_text="A material change needs a new signature; a typo does not."
    )
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "number", "language"], name="consent_version_unique"
            )
        ]
        triggers: ClassVar = append_only()


class ConsentDraft(PublicModel):
    """A text that is being written. It is deleted when it is published; nobody signs it."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_drafts")
    language = models.CharField(max_length=12)
    content = models.JSONField(help_text="As in ConsentVersion; anything may be missing.")
    content_hash = models.CharField(max_length=64)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "language"], name="consent_draft_unique")
        ]


def not_taken_back(path: str = "") -> Q:
    """Whether the signature at `path` (the row itself, without one) was not withdrawn."""
    return Q(**{f"{path}__withdrawal" if path else "withdrawal": None})


def taken_back(path: str = "") -> Q:
    """Whether the signature at `path` (the row itself, without one) was withdrawn."""
    return Q(**{f"{path}__withdrawal__isnull" if path else "withdrawal__isnull": False})


class ConsentRecordQuerySet(models.QuerySet["ConsentRecord"]):
    """Signatures, by whether they count now (decision 28)."""

    def not_taken_back(self) -> ConsentRecordQuerySet:
        """Those that nobody withdrew; a material change of the text may have overtaken them."""
        return self.filter(not_taken_back())

    def in_force(self) -> ConsentRecordQuerySet:
        """Those not taken back and not overtaken by a material change (standards 2.7)."""
        overtaken = ConsentVersion.objects.filter(
            study_id=OuterRef("version__study_id"),
            number__gt=OuterRef("version__number"),
            material=True,
        )
        return self.filter(~Exists(overtaken), not_taken_back())

    def eligible_for(self, *purposes: rules.Purpose) -> ConsentRecordQuerySet:
        """Those in force whose last answer to each of these purposes is yes."""
        records = self.in_force()
        for purpose in purposes:
            last = ConsentChoice.objects.filter(record_id=OuterRef("id"), purpose=purpose)
            name = f"grants_{purpose}"
            answer = Subquery(last.order_by("-id").values("granted")[:1])
            records = records.alias(**{name: answer}).filter(**{name: True})
        return records


class ConsentRecord(PublicModel):
    """A signature: who, when, which text, and what the signature means."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="consent_records")
    version = models.ForeignKey(ConsentVersion, on_delete=models.PROTECT, related_name="records")
    typed_name = models.CharField(max_length=200)
    meaning = models.CharField(max_length=200, default=rules.MEANING)
    signed_hash = models.CharField(max_length=64, help_text="Hash of the text that was shown.")
    signed_at = models.DateTimeField()

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        triggers: ClassVar = append_only()
        indexes: ClassVar = [models.Index(fields=["member", "-signed_at"])]


class ConsentChoice(models.Model):
    """An answer for one purpose. The latest answer per record and purpose counts."""

    id = models.BigAutoField(primary_key=True)
    record = models.ForeignKey(ConsentRecord, on_delete=models.PROTECT, related_name="choices")
    purpose = models.CharField(max_length=20)
    granted = models.BooleanField()
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers: ClassVar = append_only()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(purpose__in=list(rules.Purpose)), name="consent_purpose_known"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["record", "purpose", "-id"])]


class Withdrawal(PublicModel):
    """The withdrawal of a signature. It ends the record at any level (standards 2.8)."""

    record = models.OneToOneField(
        ConsentRecord, on_delete=models.PROTECT, related_name="withdrawal"
    )
    level = models.CharField(max_length=12)
    withdrawn_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers: ClassVar = append_only()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(level__in=list(rules.WithdrawalLevel)), name="withdrawal_level_known"
            )
        ]
