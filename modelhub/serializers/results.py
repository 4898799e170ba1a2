"""The shapes of what models wrote and of their comparisons. No judging role sees any of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.rules.states import RoundState
from annotations.rules.text_kinds import Origin
from codesign.shared.serializers import Shape
from modelhub.models import Evaluation
from modelhub.queries.sources import WrittenResponse
from modelhub.serializers.runs import NamedModelSerializer


class WrittenResponseSerializer(serializers.Serializer[WrittenResponse]):
    """A response, and the model that wrote it."""

    id = serializers.UUIDField(source="response.id", read_only=True)
    prompt = serializers.UUIDField(source="response.prompt_id")
    text = serializers.CharField(source="response.text", read_only=True)
    origin = serializers.ChoiceField([str(one) for one in Origin], source="response.origin")
    model = NamedModelSerializer(
        allow_null=True, help_text="Null where it was imported without the name of a model."
    )
    language = serializers.CharField(source="response.language", read_only=True)
    created_at = serializers.DateTimeField(source="response.created_at", read_only=True)
    withdrawn_at = serializers.DateTimeField(
        source="response.withdrawn_at", read_only=True, allow_null=True
    )


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    """A blind comparison of a trained model with its parent on the held-out prompts."""

    parent = NamedModelSerializer()
    child = NamedModelSerializer()
    round = serializers.UUIDField(source="round_id")
    state = serializers.ChoiceField(
        [str(one) for one in RoundState], source="round.state", help_text="Of its round."
    )

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = (
            "id",
            "parent",
            "child",
            "round",
            "state",
            "identical",
            "created_at",
        )
        read_only_fields = fields


class CohortResultSerializer(Shape):
    """How often one cohort preferred the trained model; a tie counts half."""

    cohort = serializers.CharField()
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    prompts = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Of the 95% interval.")
    high = serializers.FloatField(allow_null=True)
    examples = serializers.IntegerField(help_text="Judgements that a program made.")


class ResultsSerializer(Shape):
    """What a comparison says so far, by cohort and never as one number."""

    cohorts = CohortResultSerializer(many=True)
    prompts = serializers.IntegerField(help_text="Answered by both models.")
    compared = serializers.IntegerField(help_text="Those that somebody has judged.")
    left_out = serializers.IntegerField(help_text="Judgements without consent to this use.")


class EvaluationResultsSerializer(EvaluationSerializer):
    """The same with its results."""

    results = serializers.SerializerMethodField()

    class Meta(EvaluationSerializer.Meta):
        fields: tuple[str, ...] = (*EvaluationSerializer.Meta.fields, "results")
        read_only_fields = fields

    @extend_schema_field(ResultsSerializer)
    def get_results(self, evaluation: Evaluation) -> dict[str, Any]:
        """As `result_of` counted them."""
        result = self.context["result"]
        return {
            "cohorts": [
                {
                    "cohort": one.title,
                    "wins": one.rate.wins,
                    "ties": one.rate.ties,
                    "losses": one.rate.losses,
                    "prompts": one.rate.prompts,
                    "rate": one.rate.rate,
                    "low": one.rate.low,
                    "high": one.rate.high,
                    "examples": one.examples,
                }
                for one in result.cohorts
            ],
            "prompts": result.prompts,
            "compared": result.compared,
            "left_out": result.left_out,
        }
