"""Serializers of responses with their models, and of evaluations. Judging roles have no access."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.rules.states import RoundState
from annotations.rules.text_kinds import Origin
from codesign.shared.serializers import Shape
from modelhub.models import Evaluation
from modelhub.queries.sources import WrittenResponse
from modelhub.serializers.models import NamedModelSerializer


class WrittenResponseSerializer(serializers.Serializer[WrittenResponse]):
    """A response and the model that wrote it."""

    id = serializers.UUIDField(source="response.id", read_only=True)
    prompt = serializers.UUIDField(source="response.prompt_id")
    text = serializers.CharField(source="response.text", read_only=True)
    origin = serializers.ChoiceField([str(origin) for origin in Origin], source="response.origin")
    model = NamedModelSerializer(
        allow_null=True, help_text="Null if the response was imported without a model name."
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
        [str(state) for state in RoundState],
        source="round.state",
        help_text="State of the evaluation's round.",
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
    """The win rate of the trained model in one cohort. A tie counts half."""

    cohort = serializers.CharField()
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    prompts = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95% interval.")
    high = serializers.FloatField(allow_null=True, help_text="Upper end of the 95% interval.")
    examples = serializers.IntegerField(help_text="Simulated judgements.")


class ResultsSerializer(Shape):
    """The result of an evaluation so far, by cohort and never as one number."""

    cohorts = CohortResultSerializer(many=True)
    prompts = serializers.IntegerField(help_text="Prompts that both models answered.")
    compared = serializers.IntegerField(help_text="Prompts with at least one judgement.")
    left_out = serializers.IntegerField(help_text="Judgements without consent to this use.")


class EvaluationResultsSerializer(EvaluationSerializer):
    """An evaluation with its results."""

    results = serializers.SerializerMethodField()

    class Meta(EvaluationSerializer.Meta):
        fields: tuple[str, ...] = (*EvaluationSerializer.Meta.fields, "results")
        read_only_fields = fields

    @extend_schema_field(ResultsSerializer)
    def get_results(self, evaluation: Evaluation) -> dict[str, Any]:
        """Return the results from the view's context."""
        result = self.context["result"]
        return {
            "cohorts": [
                {
                    "cohort": cohort.title,
                    "wins": cohort.rate.wins,
                    "ties": cohort.rate.ties,
                    "losses": cohort.rate.losses,
                    "prompts": cohort.rate.prompts,
                    "rate": cohort.rate.rate,
                    "low": cohort.rate.low,
                    "high": cohort.rate.high,
                    "examples": cohort.examples,
                }
                for cohort in result.cohorts
            ],
            "prompts": result.prompts,
            "compared": result.compared,
            "left_out": result.left_out,
        }
