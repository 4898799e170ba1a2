"""Serializers of rounds and judgements, for roles that do not judge."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.contract.parts import Rating, TurnRating
from annotations.models import Flag, Judgement, Round, RoundCohort
from annotations.rules.states import Ask, FlagState, Harm, RoundKind, RoundState
from codesign.shared.serializers import Shape


class RoundCohortSerializer(serializers.ModelSerializer[RoundCohort]):
    """What a cohort is asked in a round."""

    cohort = serializers.SlugField(source="cohort.key")
    role = serializers.CharField(source="cohort.role")
    asks = serializers.ListField(child=serializers.ChoiceField([str(ask) for ask in Ask]))
    rubric = serializers.SlugField(source="rubric.key")
    rubric_version = serializers.IntegerField(source="rubric.version")
    overlap = serializers.IntegerField(help_text="People of the cohort who judge each prompt.")

    class Meta:
        model = RoundCohort
        fields = ("cohort", "role", "asks", "rubric", "rubric_version", "overlap")
        read_only_fields = fields


class RoundSerializer(serializers.ModelSerializer[Round]):
    """A round and its progress."""

    kind = serializers.ChoiceField([str(kind) for kind in RoundKind])
    state = serializers.ChoiceField([str(state) for state in RoundState])
    prompts = serializers.IntegerField()
    seats = serializers.IntegerField(help_text="Number of judgements that the round asks for.")
    judged = serializers.IntegerField(help_text="Number of judgements so far.")
    cohorts = RoundCohortSerializer(many=True)

    class Meta:
        model = Round
        fields = (
            "id",
            "title",
            "kind",
            "state",
            "created_at",
            "prompts",
            "seats",
            "judged",
            "cohorts",
        )
        read_only_fields = fields


@extend_schema_field(Rating)  # type: ignore[arg-type]  # the stubs know no pydantic models
class RatingField(serializers.JSONField):
    """A score as it was sent."""


@extend_schema_field(TurnRating)  # type: ignore[arg-type]
class TurnRatingField(serializers.JSONField):
    """A score of an earlier reply, as it was sent."""


class SeenHighlightSerializer(Shape):
    """A highlight without its label and comment. Offsets are Unicode code points."""

    response = serializers.UUIDField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()


class SeenFlagSerializer(serializers.ModelSerializer[Flag]):
    """A report of harm without its note, and the state of its review."""

    response = serializers.UUIDField(source="response_id")
    harm = serializers.ChoiceField([str(harm) for harm in Harm])
    severity = serializers.IntegerField(min_value=1, max_value=3)
    state = serializers.ChoiceField([str(state) for state in FlagState])

    class Meta:
        model = Flag
        fields = ("response", "harm", "severity", "state")
        read_only_fields = fields


class JudgementSerializer(serializers.ModelSerializer[Judgement]):
    """A judgement by a pseudonym, without free text, which only reviews and releases give out."""

    assignment = serializers.UUIDField(source="assignment_id")
    round = serializers.UUIDField(source="assignment.task.round_id")
    prompt = serializers.UUIDField(source="assignment.prompt_id")
    person = serializers.CharField(source="member.pseudonym", help_text="A pseudonym.")
    cohort = serializers.SlugField(source="member.cohort.key")
    order_shown = serializers.ListField(
        source="assignment.order_shown",
        child=serializers.UUIDField(),
        help_text="Ids of responses, A first.",
    )
    ratings = serializers.ListField(child=RatingField())
    turn_ratings = serializers.ListField(
        child=TurnRatingField(),
        allow_null=True,
        help_text="Of earlier replies in the conversation; null for none.",
    )
    ranking = serializers.ListField(child=serializers.ListField(child=serializers.UUIDField()))
    why = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Keys of the reasons that were chosen; null for none.",
    )
    highlights = SeenHighlightSerializer(many=True)
    flags = SeenFlagSerializer(many=True)

    class Meta:
        model = Judgement
        fields = (
            "id",
            "assignment",
            "round",
            "prompt",
            "person",
            "cohort",
            "order_shown",
            "ratings",
            "turn_ratings",
            "ranking",
            "strength",
            "all_harmful",
            "why",
            "highlights",
            "flags",
            "active_ms",
            "submitted_at",
            "example",
        )
        read_only_fields = fields
