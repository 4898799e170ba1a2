"""The shapes of judging in the API, for its description and its refusals."""

from __future__ import annotations

from rest_framework import serializers

from annotations.rules.states import Ask, Harm, SkipReason
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
