"""The shapes that the API's description shows. What comes in is read by `rules.submission`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotations.models import DatasetRelease, Retraction
from annotations.rules.releases import LEAST_MARGIN, LEAST_P, PLACES
from annotations.rules.states import Ask, Harm, ReleasePurpose, RetractionCode, SkipReason
from codesign.shared.serializers import OneOf, Shape


class MessageSerializer(Shape):
    """One turn of a conversation."""

    role = serializers.ChoiceField(["user", "assistant"])
    content = serializers.CharField()


class PromptSerializer(Shape):
    """What somebody wrote."""

    id = serializers.UUIDField()
    messages = MessageSerializer(many=True)
    category = serializers.CharField()
    topics = serializers.ListField(child=serializers.CharField())
    intensity = serializers.IntegerField(min_value=1, max_value=3)
    language = serializers.CharField()


class ResponseSerializer(Shape):
    """A response under its neutral label."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()


class ScaleSerializer(Shape):
    """A scale, its ends included."""

    kind = serializers.CharField()
    min = serializers.IntegerField()
    max = serializers.IntegerField()
    anchors = serializers.DictField(child=serializers.CharField())


class CriterionSerializer(Shape):
    """One question."""

    key = serializers.SlugField()
    title = serializers.CharField()
    question = serializers.CharField()
    scale = ScaleSerializer()


class RubricSerializer(Shape):
    """The questions."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    criteria = CriterionSerializer(many=True)


class PaySerializer(Shape):
    """What the piece pays, in the currency's smallest unit."""

    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()


class RatingSerializer(Shape):
    """A score."""

    response = serializers.UUIDField()
    criterion = serializers.SlugField()
    score = serializers.IntegerField()


class RewriteSerializer(Shape):
    """A response as one would rather have it."""

    response = serializers.UUIDField()
    text = serializers.CharField()


class HighlightSerializer(Shape):
    """A marked passage; offsets are Unicode code points, the end not included."""

    response = serializers.UUIDField()
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=1)
    label = serializers.CharField(required=False)  # type: ignore[assignment]
    comment = serializers.CharField(required=False)


class FlagSerializer(Shape):
    """A report of harm."""

    response = serializers.UUIDField()
    harm = serializers.ChoiceField([str(harm) for harm in Harm])
    severity = serializers.IntegerField(min_value=1, max_value=3)
    note = serializers.CharField(required=False)


class SubmissionSerializer(Shape):
    """Everything that can be sent for an assignment."""

    ratings = RatingSerializer(many=True, required=False)
    ranking = serializers.ListField(
        child=serializers.ListField(child=serializers.UUIDField()),
        required=False,
        help_text="Groups of response ids, the best first; one group for a tie.",
    )
    strength = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=3,
        help_text="Slightly, clearly, much better; with two responses and no tie.",
    )
    all_harmful = serializers.BooleanField(required=False, help_text="Instead of a ranking.")
    rewrites = RewriteSerializer(many=True, required=False)
    highlights = HighlightSerializer(many=True, required=False)
    flags = FlagSerializer(many=True, required=False)
    comment = serializers.CharField(required=False)
    active_seconds = serializers.FloatField(required=False)


class AnyPartSerializer(Shape):
    """Any part of a submission, however far it is; what stands in a field is kept as it is."""

    ratings = serializers.JSONField(required=False)
    ranking = serializers.JSONField(required=False)
    strength = serializers.JSONField(required=False)
    all_harmful = serializers.JSONField(required=False)
    rewrites = serializers.JSONField(required=False)
    highlights = serializers.JSONField(required=False)
    flags = serializers.JSONField(required=False)
    comment = serializers.JSONField(required=False)
    active_seconds = serializers.JSONField(required=False)


class AssignmentSerializer(Shape):
    """One task leased to one person."""

    id = serializers.UUIDField()
    study = serializers.SlugField()
    state = serializers.CharField()
    expires_at = serializers.DateTimeField()
    prompt = PromptSerializer()
    responses = ResponseSerializer(many=True)
    rubric = RubricSerializer()
    asks = serializers.ListField(child=serializers.ChoiceField([str(ask) for ask in Ask]))
    pay = PaySerializer()
    draft = AnyPartSerializer(allow_null=True)


class DraftSerializer(Shape):
    """A draft as kept."""

    draft = AnyPartSerializer()
    saved_at = serializers.DateTimeField()


class SkipSerializer(Shape):
    """Why somebody passes."""

    reason = serializers.ChoiceField([str(reason) for reason in SkipReason])
    note = serializers.CharField(required=False, max_length=500)


class NextSerializer(Shape):
    """What is held now."""

    next = AssignmentSerializer(allow_null=True)


class SubmittedSerializer(NextSerializer):
    """A judgement is stored."""

    judgement = serializers.UUIDField()


class ReleaseRequestSerializer(Shape):
    """What a release is to be used for, and how sure its preferences are at least."""

    purpose = OneOf([str(purpose) for purpose in ReleasePurpose])
    least_p = serializers.DecimalField(
        max_digits=PLACES + 1,
        decimal_places=PLACES,
        min_value=LEAST_P[0],
        max_value=LEAST_P[1],
        default=LEAST_P[0],
        help_text="Preferences with a lower `p` stay out; from 0.5 to below 1.",
    )
    least_margin = serializers.DecimalField(
        max_digits=PLACES + 1,
        decimal_places=PLACES,
        min_value=LEAST_MARGIN[0],
        max_value=LEAST_MARGIN[1],
        default=LEAST_MARGIN[0],
        help_text="Preferences with a lower `margin` stay out; from 0 to 3.",
    )


class ReleaseSerializer(serializers.ModelSerializer[DatasetRelease]):
    """A dataset release; the manifest is empty until it is frozen."""

    follows = serializers.UUIDField(
        source="parent_id", allow_null=True, help_text="The release of the same purpose before."
    )
    example_judgements = serializers.BooleanField(source="has_examples")
    least_p = serializers.FloatField()
    least_margin = serializers.FloatField()

    class Meta:
        model = DatasetRelease
        fields = (
            "id",
            "number",
            "purpose",
            "least_p",
            "least_margin",
            "state",
            "error",
            "created_at",
            "frozen_at",
            "superseded_at",
            "rows_done",
            "rows_total",
            "follows",
            "example_judgements",
            "manifest_sha256",
            "manifest",
        )
        read_only_fields = fields


class RetractionSerializer(serializers.ModelSerializer[Retraction]):
    """What to drop from one release, since one person took something back. Names nobody."""

    release = serializers.UUIDField(source="release_id")
    release_number = serializers.IntegerField(source="release.number")
    manifest_sha256 = serializers.CharField(source="release.manifest_sha256")
    retracted_on = serializers.DateField()
    code = serializers.ChoiceField([str(code) for code in RetractionCode])
    records = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=(
            "By config: each `record_id` to drop, for `judgements` each `judgement_id`. What your "
            "copy does not hold needs nothing."
        ),
    )

    class Meta:
        model = Retraction
        fields = (
            "id",
            "release",
            "release_number",
            "manifest_sha256",
            "retracted_on",
            "code",
            "records",
        )
        read_only_fields = fields


class SignedRetractionSerializer(RetractionSerializer):
    """An entry with its signature."""

    signature = serializers.CharField(
        read_only=True,
        help_text=(
            "Ed25519, base64url without padding, over the canonical JSON (RFC 8785) of this entry "
            "without `signature`. The public key is in each release's manifest and at `key/`."
        ),
    )

    class Meta:
        model = Retraction
        fields = (*RetractionSerializer.Meta.fields, "signature")
        read_only_fields = fields

    def to_representation(self, instance: Retraction) -> dict[str, Any]:
        """The entry as it is signed, and the signature."""
        entry = RetractionSerializer(instance).data
        return {**entry, "signature": instance.sign(entry)}  # type: ignore[attr-defined]


class SigningKeySerializer(serializers.Serializer[Any]):
    """A public key as a JSON Web Key (RFC 8037)."""

    kty = serializers.ChoiceField(["OKP"])
    crv = serializers.ChoiceField(["Ed25519"])
    alg = serializers.ChoiceField(["EdDSA"])
    use = serializers.ChoiceField(["sig"])
    x = serializers.CharField(help_text="32 bytes, base64url without padding.")
