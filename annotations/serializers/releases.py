"""Serializers of dataset releases and retractions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotations.models import DatasetRelease
from annotations.queries.releases import loading_advice
from annotations.queries.retractions import RetractionEntry
from annotations.rules.releases import LEAST_MARGIN, LEAST_MEDIAN, LEAST_P, PLACES
from annotations.rules.states import ReleasePurpose, RetractionCode
from codesign.jobs.serializers import ProgressSerializer
from codesign.shared.serializers import OneOf, Shape


class ReleaseRequestSerializer(Shape):
    """The purpose of a release, and the thresholds for its records."""

    purpose = OneOf([str(purpose) for purpose in ReleasePurpose])
    least_p = serializers.DecimalField(
        max_digits=PLACES + 1,
        decimal_places=PLACES,
        min_value=LEAST_P[0],
        max_value=LEAST_P[1],
        default=LEAST_P[0],
        help_text="Preferences with a lower `p` are left out; from 0.5 to below 1.",
    )
    least_margin = serializers.DecimalField(
        max_digits=PLACES + 1,
        decimal_places=PLACES,
        min_value=LEAST_MARGIN[0],
        max_value=LEAST_MARGIN[1],
        default=LEAST_MARGIN[0],
        help_text="Preferences with a lower `margin` are left out; from 0 to 3.",
    )
    least_median = serializers.DecimalField(
        max_digits=PLACES + 1,
        decimal_places=PLACES,
        min_value=LEAST_MEDIAN[0],
        max_value=LEAST_MEDIAN[1],
        default=None,
        allow_null=True,
        help_text=(
            "With a number from 0.5 to 1, `sft` also contains the best-rated reply of each prompt, "
            "if its median score is at least this share of the scale in every cohort; null for "
            "rewrites alone."
        ),
    )


class ReleaseSerializer(serializers.ModelSerializer[DatasetRelease]):
    """A dataset release. The manifest is empty until the release is frozen."""

    follows = serializers.UUIDField(
        source="parent_id", allow_null=True, help_text="The previous release for the same purpose."
    )
    error = serializers.CharField(
        source="job.reason",
        read_only=True,
        default="",
        help_text="Why it was not made; else empty.",
    )
    rows_done = serializers.IntegerField(
        source="job.done", read_only=True, default=0, help_text="Judgements written."
    )
    rows_total = serializers.IntegerField(
        source="job.total",
        read_only=True,
        default=0,
        help_text="Judgements to write; 0 while unknown.",
    )
    progress = ProgressSerializer(source="job", read_only=True, allow_null=True)
    example_judgements = serializers.BooleanField(source="has_examples")
    least_p = serializers.FloatField()
    least_margin = serializers.FloatField()
    least_median = serializers.FloatField(allow_null=True)
    loading_advice = serializers.SerializerMethodField(
        help_text="What to know before loading the files; empty where they load safely."
    )

    class Meta:
        model = DatasetRelease
        fields = (
            "id",
            "number",
            "purpose",
            "least_p",
            "least_margin",
            "least_median",
            "state",
            "error",
            "created_at",
            "frozen_at",
            "superseded_at",
            "rows_done",
            "rows_total",
            "progress",
            "follows",
            "example_judgements",
            "manifest_sha256",
            "manifest",
            "loading_advice",
        )
        read_only_fields = fields

    def get_loading_advice(self, release: DatasetRelease) -> str:
        """Return a sentence, or ""."""
        return loading_advice(release)


class RetractionSerializer(serializers.Serializer[RetractionEntry]):
    """The records to delete from a release after one person's withdrawal. It names nobody."""

    id = serializers.UUIDField(read_only=True)
    release = serializers.UUIDField(source="release_id")
    release_number = serializers.IntegerField()
    manifest_sha256 = serializers.CharField()
    retracted_on = serializers.DateField()
    code = serializers.ChoiceField([str(code) for code in RetractionCode])
    records = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=(
            "By config: each `record_id` to delete, for `judgements` each `judgement_id`. Ignore "
            "ids that your copy does not contain."
        ),
    )


class SignedRetractionSerializer(RetractionSerializer):
    """An entry with its signature."""

    signature = serializers.CharField(
        read_only=True,
        help_text=(
            "Ed25519, base64url without padding, over the canonical JSON (RFC 8785) of this entry "
            "without `signature`. The public key is in each release's manifest and at `key/`."
        ),
    )

    def to_representation(self, instance: RetractionEntry) -> dict[str, Any]:
        """Return the signed entry and its signature."""
        entry = RetractionSerializer(instance).data
        return {**entry, "signature": instance.signer.sign(entry)}


class SigningKeySerializer(serializers.Serializer[Any]):
    """A public key as a JSON Web Key (RFC 8037)."""

    kty = serializers.ChoiceField(["OKP"])
    crv = serializers.ChoiceField(["Ed25519"])
    alg = serializers.ChoiceField(["EdDSA"])
    use = serializers.ChoiceField(["sig"])
    x = serializers.CharField(help_text="32 bytes, base64url without padding.")
