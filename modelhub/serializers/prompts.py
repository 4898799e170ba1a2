"""The shapes of prompts and their imports in the API. No judging role sees any of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Prompt
from annotations.rules.text_kinds import Category
from codesign.shared.serializers import OneOf, Shape
from modelhub.models import Upload
from modelhub.queries import uploads
from modelhub.rules.states import UploadState


class TurnSerializer(Shape):
    """One turn of a prompt."""

    role = serializers.ChoiceField(["user", "assistant"])
    content = serializers.CharField()


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


class RowProblemSerializer(Shape):
    """What was wrong with a row."""

    line = serializers.IntegerField(min_value=1)
    problem = serializers.CharField()


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


class TiedRowSerializer(Shape):
    """A row whose prompt would stay with others on one side of every split."""

    line = serializers.IntegerField(min_value=1)
    held_out = serializers.BooleanField(help_text="Whether the row itself is held out.")
    tied_to = serializers.IntegerField(help_text="Other prompts of its group.")
    made_held_out = serializers.IntegerField(
        help_text="Prompts of its group that would leave training, since one of it is held out."
    )


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
    rows = serializers.IntegerField(source="progress.done", help_text="Read so far.")
    total = serializers.IntegerField(help_text="Rows; a guess until all were read.")
    percent = serializers.SerializerMethodField()
    rows_a_second = serializers.FloatField(
        source="progress.rate", allow_null=True, help_text="Over the last minute."
    )
    seconds_left = serializers.FloatField(source="progress.seconds_left", allow_null=True)
    started_at = serializers.DateTimeField(source="progress.started_at", allow_null=True)
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

    def to_representation(self, instance: Upload) -> dict[str, Any]:
        """With how far its job is."""
        instance.progress = uploads.how_far(upload=instance)
        return super().to_representation(instance)

    def get_percent(self, upload: Upload) -> int:
        """100 once all of it is done."""
        return uploads.percent(upload=upload)

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
