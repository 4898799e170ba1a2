"""Serializers of training runs. Judging roles have no access to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from codesign.shared.serializers import OneOf, Shape
from modelhub.engine.params import MAX_SEED, PARAMETERS
from modelhub.models import TrainingRun
from modelhub.rules.states import Method, TrainingState
from modelhub.rules.training import OF_ONE_BATCH
from modelhub.serializers.models import NamedModelSerializer, TrainedOnSerializer


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
    """Numbers by parameter name. Counts are whole numbers."""

    child = serializers.FloatField()

    def to_representation(self, value: Mapping[str, float]) -> dict[str, float]:
        """Return the stored numbers unchanged, so that integers stay integers."""
        return dict(value)


class TrainingRequestSerializer(Shape):
    """Release, base, method and parameters of a new training run."""

    release = serializers.UUIDField(help_text="A frozen release for training.")
    base = serializers.CharField(help_text="Name or id of the model to start from.")
    method = OneOf([str(method) for method in Method])
    params = ParamsField(
        default=dict,
        help_text="Parameters by name. Parameters that are left out have default values.",
    )
    seed = serializers.IntegerField(default=0, min_value=0, max_value=MAX_SEED)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Keep the parameters unchanged, so that integers stay integers."""
        read = super().to_internal_value(data)
        return {**read, "params": data.get("params", {})}


class LossSerializer(Shape):
    """A point of the loss curve."""

    step = serializers.IntegerField()
    loss = serializers.FloatField()


class MeasurementSerializer(Shape):
    """Scores on validation records after a step; step 0 is before the training."""

    step = serializers.IntegerField()
    loss = serializers.FloatField(required=False)
    reward_accuracy = serializers.FloatField(
        required=False, help_text="Share of pairs whose chosen response scores higher."
    )
    reward_margin = serializers.FloatField(required=False)
    token_accuracy = serializers.FloatField(required=False)


class ValidationSerializer(Shape):
    """The scores of a model on validation records, which were not used for training."""

    records = serializers.IntegerField(help_text="Records that were measured (n).")
    on_curve = serializers.IntegerField(
        required=False, help_text="Records of them that were measured while the model trained."
    )
    of = serializers.IntegerField(help_text="Usable records of the release's validation split.")
    scores = serializers.DictField(child=serializers.FloatField())


class MetricsSerializer(Shape):
    """Metrics of a run; empty before it ends. May include more numbers about time and memory."""

    steps = serializers.IntegerField(required=False)
    records = serializers.IntegerField(required=False, help_text="Training records.")
    batch = serializers.IntegerField(required=False, help_text="Records per step.")
    left_out = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Records of the release that were not trained on, by reason. None is cut.",
    )
    first_loss = serializers.FloatField(required=False, help_text="Loss of the first step.")
    last_loss = serializers.FloatField(required=False, help_text="Loss of the last step.")
    mean_loss = serializers.FloatField(required=False, help_text="Mean loss of all steps.")
    validation = ValidationSerializer(
        required=False,
        allow_null=True,
        help_text="Null if the release has no validation records for this method.",
    )

    def to_representation(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out the metrics that older runs took from their last batch only."""
        return {name: value for name, value in instance.items() if name not in OF_ONE_BATCH}


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    """A training run, its progress, and the model that it made."""

    study = serializers.SlugField(source="study.slug")
    release = TrainedOnSerializer()
    base = NamedModelSerializer()
    method = serializers.ChoiceField([str(method) for method in Method])
    params = ParamsField()
    system_message = serializers.CharField(
        help_text="Put before every prompt. The release's responses were written with it."
    )
    state = serializers.ChoiceField([str(state) for state in TrainingState])
    step = serializers.IntegerField(source="progress.done")
    steps = serializers.IntegerField(source="progress.total", help_text="0 while unknown.")
    seconds_left = serializers.SerializerMethodField()
    losses = LossSerializer(many=True)
    measurements = MeasurementSerializer(many=True)
    metrics = MetricsSerializer()
    cancel_requested_at = serializers.DateTimeField(
        source="progress.cancel_requested_at", allow_null=True
    )
    model = NamedModelSerializer(
        source="model_version", default=None, allow_null=True, help_text="The trained model."
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
            "measurements",
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
        """Return the remaining seconds at the rate of the last minute, or null."""
        left = run.progress.seconds_left
        return None if left is None else round(left)
