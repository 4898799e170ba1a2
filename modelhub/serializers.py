"""The shapes of prompts, models and runs in the API. No judging role sees any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Prompt
from annotations.rules.states import Category
from codesign.shared.serializers import OneOf, Shape
from modelhub.engine.params import MAX_SEED, PARAMETERS
from modelhub.models import GenerationRun, ModelVersion, TrainingRun, Upload
from modelhub.queries import uploads
from modelhub.rules import generation as rules
from modelhub.rules.states import Method, ModelKind, RunState, TrainingState, UploadState
from modelhub.shapes import (
    LossSerializer,
    MetricsSerializer,
    RowProblemSerializer,
    TiedRowSerializer,
    TurnSerializer,
)

MOST_GENERATION_SEED = 2**63 - 1


class StudyPromptSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt as those who run the study see it."""

    messages = TurnSerializer(many=True)
    pulled_at = serializers.DateTimeField(source="withdrawn_at", allow_null=True)

    class Meta:
        model = Prompt
        fields = (
            "id",
            "external_id",
            "version",
            "messages",
            "category",
            "topics",
            "intensity",
            "language",
            "held_out",
            "family",
            "created_at",
            "pulled_at",
        )
        read_only_fields = fields


class PromptRowSerializer(Shape):
    """One row, as a line of a JSONL file has it."""

    prompt = serializers.JSONField(help_text="A text, or a list of turns that ends with a user's.")
    external_id = serializers.CharField(required=False, max_length=120)
    category = serializers.ChoiceField([str(one) for one in Category], required=False)
    topics = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    intensity = serializers.IntegerField(required=False, min_value=1, max_value=3)
    language = serializers.CharField(required=False, max_length=12)
    held_out = serializers.BooleanField(required=False)
    family = serializers.CharField(required=False, max_length=120)
    responses = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text='Texts, or `{"text": …, "model": …}`.',
    )


class PromptRowsSerializer(Shape):
    """Many rows at once."""

    prompts = serializers.ListField(child=PromptRowSerializer())


class ImportedSerializer(serializers.Serializer[Any]):
    """What came of it."""

    prompts = serializers.IntegerField(help_text="New ones.")
    already_there = serializers.IntegerField()
    responses = serializers.IntegerField()
    tasks = serializers.IntegerField(help_text="New tasks of the open judging round.")
    wait_for_round = serializers.IntegerField(
        help_text="Prompts that could be judged, had a round been open."
    )
    models = serializers.ListField(child=serializers.CharField())
    columns_not_used = serializers.ListField(child=serializers.CharField())


class ImportReportSerializer(ImportedSerializer):
    """What came of it, and what was left out."""

    skipped = RowProblemSerializer(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Sets have no order of their own."""
        shown = super().to_representation(instance)
        return shown | {name: sorted(shown[name]) for name in ("models", "columns_not_used")}


class ImportCheckSerializer(ImportReportSerializer):
    """What would come of it; nothing was written."""

    made_held_out = serializers.IntegerField(
        help_text="Prompts that would leave training, since they are tied to held-out ones."
    )
    tied = TiedRowSerializer(many=True)


class ImportSerializer(serializers.ModelSerializer[Upload]):
    """An import that a worker does."""

    study = serializers.SlugField(source="study.slug")
    state = OneOf([str(one) for one in UploadState])
    total = serializers.IntegerField(help_text="Rows; a guess until all were read.")
    percent = serializers.SerializerMethodField()
    rows_a_second = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()
    imported = serializers.SerializerMethodField()
    bad_rows = serializers.SerializerMethodField()
    problems = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = (
            "id",
            "study",
            "name",
            "state",
            "skip_bad",
            "rows",
            "total",
            "percent",
            "rows_a_second",
            "seconds_left",
            "imported",
            "bad_rows",
            "problems",
            "error",
            "created_at",
            "started_at",
            "ended_at",
        )
        read_only_fields = fields

    def get_percent(self, upload: Upload) -> int:
        """100 once all of it is done."""
        return uploads.percent(upload)

    def get_rows_a_second(self, upload: Upload) -> float | None:
        """Since it began."""
        return uploads.rows_a_second(upload)

    def get_seconds_left(self, upload: Upload) -> float | None:
        """By how it went so far."""
        return uploads.seconds_left(upload) if upload.state in uploads.UNDER_WAY else None

    @extend_schema_field(ImportedSerializer(allow_null=True))
    def get_imported(self, upload: Upload) -> dict[str, Any] | None:
        """Null before it is done."""
        if upload.state != UploadState.DONE:
            return None
        return {"wait_for_round": 0} | {
            name: found
            for name, found in upload.found.items()
            if name in ImportedSerializer().fields
        }

    def get_bad_rows(self, upload: Upload) -> int:
        """How many rows cannot come in."""
        return int(upload.found.get("skipped", 0))

    @extend_schema_field(RowProblemSerializer(many=True))
    def get_problems(self, upload: Upload) -> list[dict[str, Any]]:
        """The first of them, by line."""
        return [{"line": line, "problem": problem} for line, problem in upload.problems]


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

    lineage = NamedModelSerializer(many=True, help_text="From the parent to the first.")

    class Meta(ModelSerializer.Meta):
        fields: tuple[str, ...] = (*ModelSerializer.Meta.fields, "lineage")
        read_only_fields = fields


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
    losses = LossSerializer(many=True)
    metrics = MetricsSerializer()
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
