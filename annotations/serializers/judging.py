"""The shapes of what the API answers to people who judge, for its description.

What they send is described by `annotations.contract`.
"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.contract.draft import SubmissionDraft
from annotations.rules.states import Ask
from codesign.shared.serializers import Shape


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


@extend_schema_field(SubmissionDraft)  # type: ignore[arg-type]  # the stubs know no pydantic models
class DraftField(serializers.JSONField):
    """Any part of a submission, as it was sent."""


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
    draft = DraftField(allow_null=True)


class DraftSerializer(Shape):
    """A draft as kept."""

    draft = DraftField()
    saved_at = serializers.DateTimeField()


class LineSerializer(Shape):
    """Somebody whom one can call, text or write to."""

    country = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()
    hours = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())


class SupportSerializer(Shape):
    """Help for somebody whose words can mean that they want to die; show it before anything."""

    says = serializers.CharField()
    lines = LineSerializer(many=True)
    help = serializers.CharField(help_text="Address of the Help page.")
    own_texts = serializers.CharField(
        help_text="Address at which they see these texts, and say whether they may be used."
    )


class NextSerializer(Shape):
    """What is held now."""

    next = AssignmentSerializer(allow_null=True)
    pay_held = serializers.BooleanField(
        help_text="Whether a person looks at the pay of what was sent before it is credited."
    )
    support = SupportSerializer(
        required=False, help_text="There where what was sent asks for it, and nowhere else."
    )


class SubmittedSerializer(NextSerializer):
    """A judgement is stored."""

    judgement = serializers.UUIDField()
