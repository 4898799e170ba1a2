"""Dataset releases, the members whose work is in them, and retractions."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from annotations.models.querysets import DatasetReleaseQuerySet
from annotations.rules.releases import LEAST_MARGIN, LEAST_MEDIAN, LEAST_P
from annotations.rules.states import ReleasePurpose, ReleaseState, RetractionCode
from codesign.accounts.models import User
from codesign.shared.models import PublicModel, Refusal, append_only, one_of, write_once
from codesign.studies.models import Member, Study

_BEFORE_FROZEN = [
    str(state)
    for state in ReleaseState
    if state not in (ReleaseState.FROZEN, ReleaseState.SUPERSEDED)
]


class DatasetRelease(PublicModel):
    """A selection of judgements for one purpose: filtered by consent, frozen and hashed."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    purpose = models.CharField(max_length=12)
    least_p = models.DecimalField(max_digits=5, decimal_places=4, default=LEAST_P[0])
    least_margin = models.DecimalField(max_digits=5, decimal_places=4, default=LEAST_MARGIN[0])
    least_median = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        null=True,
        help_text="From which median, as a share of the scale, the best-rated reply of a prompt is"
        " in sft; empty for rewrites alone.",
    )
    state = models.CharField(max_length=12, default=ReleaseState.QUEUED)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    selection_hash = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField(default=dict)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    has_examples = models.BooleanField(default=False, help_text="Holds seeded judgements.")

    objects = DatasetReleaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "number"], name="release_number"),
            one_of("purpose", ReleasePurpose, "release_purpose_known"),
            one_of("state", ReleaseState, "release_state_known"),
            models.CheckConstraint(
                condition=models.Q(least_p__gte=LEAST_P[0], least_p__lte=LEAST_P[1])
                & models.Q(least_margin__gte=LEAST_MARGIN[0], least_margin__lte=LEAST_MARGIN[1]),
                name="release_least_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(least_median=None)
                | models.Q(least_median__gte=LEAST_MEDIAN[0], least_median__lte=LEAST_MEDIAN[1]),
                name="release_least_median_in_range",
            ),
        ]
        triggers: ClassVar = [
            *write_once(
                "study_id",
                "number",
                "purpose",
                "requested_by_id",
                "least_p",
                "least_margin",
                "least_median",
            ),
            Refusal(
                name="frozen",
                operation=pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
                    "parent_id",
                    "selection_hash",
                    "manifest",
                    "manifest_sha256",
                    "frozen_at",
                    "has_examples",
                ),
                condition=pgtrigger.Q(
                    old__state__in=[str(ReleaseState.FROZEN), str(ReleaseState.SUPERSEDED)]
                ),
            ),
            Refusal(
                name="stays_frozen",
                operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(
                    old__state=str(ReleaseState.FROZEN),
                    new__state__in=_BEFORE_FROZEN,
                )
                | pgtrigger.Q(
                    old__state=str(ReleaseState.SUPERSEDED),
                    new__state__in=[*_BEFORE_FROZEN, str(ReleaseState.FROZEN)],
                ),
            ),
        ]


class ReleaseMember(models.Model):
    """A member whose work is in a release, so that a withdrawal finds the release."""

    release = models.ForeignKey(DatasetRelease, on_delete=models.PROTECT, related_name="members")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="releases")
    rows = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["release", "member"], name="release_member_once")
        ]
        triggers: ClassVar = append_only()


class Retraction(PublicModel):
    """One person's work that must be deleted from a frozen release (standards 2.9).

    It stays if the person signs again. Their work can then be in later releases.
    """

    release = models.ForeignKey(
        DatasetRelease, on_delete=models.PROTECT, related_name="retractions"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["release", "member"], name="retraction_once"),
            one_of("code", RetractionCode, "retraction_code_known"),
        ]
        triggers: ClassVar = append_only()
