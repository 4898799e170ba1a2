"""Serializers of answers to people who judge, for the OpenAPI description.

`annotations.contract` describes the requests.
"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.contract.draft import SubmissionDraft
from annotations.rules.states import Ask
from annotations.rules.topics import Choice
from codesign.shared.serializers import OneOf, Shape


class MessageSerializer(Shape):
    """One turn of a conversation."""

    role = serializers.ChoiceField(["user", "assistant"])
    content = serializers.CharField()


class PromptSerializer(Shape):
    """A prompt."""

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
    """A scale, both ends included."""

    kind = serializers.CharField()
    min = serializers.IntegerField()
    max = serializers.IntegerField()
    anchors = serializers.DictField(child=serializers.CharField())


class ConditionSerializer(Shape):
    """The earlier question about the same response, and the scores after which this is asked."""

    criterion = serializers.SlugField()
    scores = serializers.ListField(child=serializers.IntegerField())


class CriterionSerializer(Shape):
    """One question."""

    key = serializers.SlugField()
    title = serializers.CharField()
    question = serializers.CharField()
    scale = ScaleSerializer()
    unsure = serializers.IntegerField(
        allow_null=True, help_text="The score of “not sure”, if it can be given; on no scale."
    )
    points = serializers.IntegerField(
        allow_null=True, help_text="What meeting it is worth, from -10 to 10; for `points` alone."
    )
    only_if = ConditionSerializer(
        allow_null=True,
        help_text="After other answers, it is neither required nor accepted.",
    )
    turns = serializers.BooleanField(
        help_text="Whether `turn_ratings` needs a score on it for each of the assignment's `turns`."
    )


class ShortWordsSerializer(Shape):
    """A reason that can be sent in `why`, or a label of a highlight."""

    key = serializers.SlugField()
    title = serializers.CharField()


class RubricSerializer(Shape):
    """The questions."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    criteria = CriterionSerializer(many=True)
    reasons = ShortWordsSerializer(many=True)
    labels = ShortWordsSerializer(
        many=True, help_text="The study's own labels of highlights; empty for the standard ones."
    )


class PaySerializer(Shape):
    """The pay for the assignment, in the smallest unit of the currency."""

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
    turns = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="The earlier replies to judge; the first message of the assistant is 1.",
    )
    asks = serializers.ListField(child=serializers.ChoiceField([str(ask) for ask in Ask]))
    pay = PaySerializer()
    covered = serializers.BooleanField(
        help_text="Show the topics and the intensity first, and the text once the person opens it."
    )
    training = serializers.BooleanField(
        help_text="Whether the answer to the submission brings `feedback`; paid like any other."
    )
    draft = DraftField(allow_null=True)


class LineSerializer(Shape):
    """A helpline that people can call, text or write to."""

    country = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()
    hours = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    example = serializers.BooleanField(help_text="Whether no study of the person verified it.")


class SupportSerializer(Shape):
    """Help for a person whose words may tell of a crisis. Show it first."""

    says = serializers.CharField()
    lines = LineSerializer(many=True)
    help = serializers.CharField(help_text="Address of the Help page.")
    own_texts = serializers.CharField(
        help_text="Address of the page where they see these texts and decide on their use."
    )
    question = serializers.CharField(
        required=False,
        help_text="Address of the page that asks what their words are about and offers contact.",
    )


class DraftSerializer(Shape):
    """A saved draft."""

    draft = DraftField()
    saved_at = serializers.DateTimeField()
    support = SupportSerializer(
        required=False, help_text="Present only if what was saved needs it."
    )


class LaterSerializer(Shape):
    """The next assignment, or a break."""

    next = AssignmentSerializer(allow_null=True)
    rest = serializers.BooleanField(help_text="Whether a break is offered now.")


class NextSerializer(LaterSerializer):
    """The next assignment after work that counts."""

    pay_held = serializers.BooleanField(
        help_text="Whether a person checks the pay for this work before it is credited."
    )
    support = SupportSerializer(required=False, help_text="Present only if what was sent needs it.")


class FeedbackSerializer(Shape):
    """What others looked at in a training item. There is no wrong answer about a feeling."""

    explanation = serializers.CharField()
    expected = serializers.DictField(help_text="Parts of a submission, such as `ratings`.")


class SubmittedSerializer(NextSerializer):
    """A stored judgement, and the next assignment."""

    judgement = serializers.UUIDField()
    feedback = FeedbackSerializer(required=False, help_text="After a training item alone.")


class TopicChoiceSerializer(Shape):
    """What the person wants of one topic of the study's prompts."""

    topic = serializers.CharField(max_length=60)
    choice = OneOf([str(choice) for choice in Choice])


class CareChoicesSerializer(Shape):
    """The person's choices."""

    choices = TopicChoiceSerializer(many=True)
    minutes = serializers.IntegerField(
        allow_null=True, help_text="Their own daily limit of heavy texts; null for the study's."
    )
    study_minutes = serializers.IntegerField(help_text="The daily limit of the study.")


class ChooseSerializer(Shape):
    """Choices to store."""

    choices = serializers.ListField(child=TopicChoiceSerializer(), required=False)
    minutes = serializers.IntegerField(
        allow_null=True, required=False, help_text="Own daily limit; null for the study's."
    )
