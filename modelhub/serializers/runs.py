"""The shapes of models and runs in the API. No judging role sees any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from codesign.shared.serializers import OneOf, Shape
from modelhub.engine.params import MAX_SEED, PARAMETERS
from modelhub.models import GenerationRun, ModelVersion, TrainingRun
from modelhub.rules import generation as rules
from modelhub.rules.states import Method, ModelKind, RunState, TrainingState
from modelhub.rules.training import OF_ONE_BATCH

MOST_GENERATION_SEED = 2**63 - 1


class NamedModelSerializer(serializers.ModelSerializer[ModelVersion]):
    """Which model."""

    class Meta:
        model = ModelVersion
        fields = ("id", "name")
        read_only_fields = fields


class GenerationRequestSerializer(Shape):
    """What a run writes with."""

    model = serializers.CharField(help_text="Name or id of a model that can write.")
    samples = serializers.IntegerField(
        default=rules.SAMPLES,
        min_value=1,
        max_value=rules.MOST_SAMPLES,
        help_text="Responses to each prompt.",
    )
    temperature = serializers.FloatField(default=rules.TEMPERATURE, min_value=0, max_value=2)
    max_new_tokens = serializers.IntegerField(
        default=rules.MAX_NEW_TOKENS, min_value=1, max_value=rules.MOST_NEW_TOKENS
    )
    batch_size = serializers.IntegerField(
        default=rules.BATCH_SIZE, min_value=1, max_value=rules.MOST_BATCH
    )
    seed = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=MOST_GENERATION_SEED,
        help_text="0 draws one.",
    )
    system_message = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=rules.MOST_SYSTEM,
        help_text="Empty: as in the study's last run.",
    )
    round = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="A judging round in which answered prompts become tasks.",
    )


class GenerationRunSerializer(serializers.ModelSerializer[GenerationRun]):
    """A run and how far it is."""

    study = serializers.SlugField(source="study.slug")
    model = NamedModelSerializer(source="model_version")
    round = serializers.UUIDField(source="round_id", allow_null=True)
    state = serializers.ChoiceField([str(state) for state in RunState])
    total = serializers.IntegerField(source="to_write", help_text="Responses to write.")
    done = serializers.IntegerField()

    class Meta:
        model = GenerationRun
        fields = (
            "id",
            "study",
            "model",
            "round",
            "state",
            "total",
            "done",
            "samples",
            "temperature",
            "top_p",
            "max_new_tokens",
            "batch_size",
            "seed",
            "system_message",
            "created_at",
            "started_at",
            "ended_at",
            "error",
        )
        read_only_fields = fields


class TrainedOnSerializer(Shape):
    """A dataset release."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()


class MadeBySerializer(Shape):
    """The training run that made a model."""

    id = serializers.UUIDField()
    method = serializers.ChoiceField([str(method) for method in Method])
    release = TrainedOnSerializer()


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version, the one it was trained from, and the training run that made it."""

    study = serializers.SlugField(
        source="study.slug", default=None, allow_null=True, help_text="Null: for every study."
    )
    kind = serializers.ChoiceField([str(kind) for kind in ModelKind])
    parent = NamedModelSerializer(allow_null=True)
    training_run = MadeBySerializer(allow_null=True)

    class Meta:
        model = ModelVersion
        fields: tuple[str, ...] = (
            "id",
            "name",
            "kind",
            "study",
            "parent",
            "training_run",
            "sha256",
            "created_at",
        )
        read_only_fields = fields


class AncestrySerializer(ModelSerializer):
    """The same with every ancestor."""

    lineage = serializers.SerializerMethodField(help_text="From the parent to the first.")

    class Meta(ModelSerializer.Meta):
        fields: tuple[str, ...] = (*ModelSerializer.Meta.fields, "lineage")
        read_only_fields = fields

    @extend_schema_field(NamedModelSerializer(many=True))
    def get_lineage(self, version: ModelVersion) -> list[dict[str, Any]]:
        """As `version_with_lineage` found it."""
        return list(NamedModelSerializer(self.context["lineage"], many=True).data)


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            name: {
                "type": "integer" if parameter.whole else "number",
                "minimum": parameter.low,
                "maximum": parameter.high,
                "description": f"{parameter.title}. {parameter.help}",
            }
            for name, parameter in PARAMETERS.items()
        },
    }
)
class ParamsField(serializers.DictField):
    """Numbers by name; what counts something is a whole number."""

    child = serializers.FloatField()

    def to_representation(self, value: Mapping[str, float]) -> dict[str, float]:
        """As they were checked, which keeps whole numbers whole."""
        return dict(value)


class TrainingRequestSerializer(Shape):
    """What to train, on what, how."""

    release = serializers.UUIDField(help_text="A frozen release for training.")
    base = serializers.CharField(help_text="Name or id of the model to start from.")
    method = OneOf([str(method) for method in Method])
    params = ParamsField(
        default=dict,
        help_text="Parameters by name; what is left out takes its default.",
    )
    seed = serializers.IntegerField(default=0, min_value=0, max_value=MAX_SEED)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Parameters are taken as they came: whole numbers stay whole."""
        read = super().to_internal_value(data)
        return {**read, "params": data.get("params", {})}


class LossSerializer(Shape):
    """A point of the loss curve."""

    step = serializers.IntegerField()
    loss = serializers.FloatField()


class ValidationSerializer(Shape):
    """What a model scored on records that it did not learn from."""

    records = serializers.IntegerField(help_text="Measured on: n of every score.")
    of = serializers.IntegerField(help_text="Usable records of the release's validation split.")
    scores = serializers.DictField(child=serializers.FloatField())


class MetricsSerializer(Shape):
    """How a run went; empty before its end. More numbers about time and memory may stand here."""

    steps = serializers.IntegerField(required=False)
    records = serializers.IntegerField(required=False, help_text="Trained on.")
    batch = serializers.IntegerField(required=False, help_text="Records of one step.")
    first_loss = serializers.FloatField(required=False, help_text="Of the first step alone.")
    last_loss = serializers.FloatField(required=False, help_text="Of the last step alone.")
    mean_loss = serializers.FloatField(required=False, help_text="Of all steps.")
    validation = ValidationSerializer(
        required=False,
        allow_null=True,
        help_text="Null where the release has no validation records that could be measured on.",
    )

    def to_representation(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        """As they were written, without those that earlier versions took from the last batch."""
        return {name: value for name, value in instance.items() if name not in OF_ONE_BATCH}


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    """A training run, how far it is, and what it made."""

    study = serializers.SlugField(source="study.slug")
    release = TrainedOnSerializer()
    base = NamedModelSerializer()
    method = serializers.ChoiceField([str(method) for method in Method])
    params = ParamsField()
    system_message = serializers.CharField(
        help_text="Before every prompt: what the release's responses were written with."
    )
    state = serializers.ChoiceField([str(state) for state in TrainingState])
    step = serializers.IntegerField(source="progress.done")
    steps = serializers.IntegerField(source="progress.total", help_text="0 while unknown.")
    seconds_left = serializers.SerializerMethodField()
    losses = LossSerializer(many=True)
    metrics = MetricsSerializer()
    cancel_requested_at = serializers.DateTimeField(
        source="progress.cancel_requested_at", allow_null=True
    )
    model = NamedModelSerializer(
        source="model_version", default=None, allow_null=True, help_text="What it made."
    )

    class Meta:
        model = TrainingRun
        fields = (
            "id",
            "study",
            "release",
            "base",
            "method",
            "params",
            "seed",
            "system_message",
            "state",
            "step",
            "steps",
            "seconds_left",
            "losses",
            "metrics",
            "error",
            "created_at",
            "started_at",
            "ended_at",
            "cancel_requested_at",
            "model",
        )
        read_only_fields = fields

    def get_seconds_left(self, run: TrainingRun) -> int | None:
        """At the rate of the last minute."""
        left = run.progress.seconds_left
        return None if left is None else round(left)
