"""Serializers of prompts and imports. Judging roles have no access to them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Prompt
from annotations.rules.text_kinds import Category
from codesign.shared.serializers import OneOf, Shape
from modelhub.models import Upload
from modelhub.queries import uploads
from modelhub.rules.shapes.own import OWN
from modelhub.rules.states import UploadState


class TurnSerializer(Shape):
    """One turn of a prompt."""

    role = serializers.ChoiceField(["user", "assistant"])
    content = serializers.CharField()


class StudyPromptSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt, for the people who run the study."""

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
    """One row, in the same format as a line of a JSONL file."""

    prompt = serializers.JSONField(
        help_text="A text, or a list of turns of which the last is a user turn."
    )
    external_id = serializers.CharField(required=False, max_length=120)
    category = serializers.ChoiceField([str(category) for category in Category], required=False)
    topics = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    intensity = serializers.IntegerField(required=False, min_value=1, max_value=3)
    language = serializers.CharField(required=False, max_length=12)
    held_out = serializers.BooleanField(required=False)
    family = serializers.CharField(required=False, max_length=120)
    responses = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text='Texts, or objects `{"text": …, "model": …}`.',
    )


class PromptRowsSerializer(Shape):
    """The rows of an import."""

    prompts = serializers.ListField(child=PromptRowSerializer())


class RowProblemSerializer(Shape):
    """An error in a row."""

    line = serializers.IntegerField(min_value=1)
    problem = serializers.CharField()


class ImportedSerializer(serializers.Serializer[Any]):
    """The counts of an import."""

    prompts = serializers.IntegerField(help_text="New prompts.")
    already_there = serializers.IntegerField(help_text="Prompts that already existed.")
    responses = serializers.IntegerField()
    tasks = serializers.IntegerField(help_text="New tasks of the open judging round.")
    wait_for_round = serializers.IntegerField(
        help_text="Prompts that will become tasks when a judging round opens."
    )
    wait_for_go = serializers.IntegerField(
        help_text="Prompts that a coordinator must add to the round before people are paid."
    )
    models = serializers.ListField(child=serializers.CharField())
    columns_not_used = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Sentences about the file, such as what of it was left out.",
    )
    format = serializers.CharField(
        source="about.shape", help_text="The format that was recognised; `own` is ours."
    )
    mapping = serializers.DictField(
        source="about.mapping",
        child=serializers.CharField(allow_blank=True),
        help_text="The file's column for each of ours that has another name.",
    )
    noticed = serializers.DictField(
        source="about.counts",
        child=serializers.IntegerField(),
        help_text="Turns and texts by kind, see `choose`.",
    )


class ImportReportSerializer(ImportedSerializer):
    """The counts of an import, and the rows that were skipped."""

    skipped = RowProblemSerializer(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Sort the sets, which have no order."""
        shown = super().to_representation(instance)
        return shown | {name: sorted(shown[name]) for name in ("models", "columns_not_used")}


class TiedRowSerializer(Shape):
    """A row whose prompt would join a split group of several prompts."""

    line = serializers.IntegerField(min_value=1)
    held_out = serializers.BooleanField(help_text="Whether the row itself is held out.")
    tied_to = serializers.IntegerField(help_text="Other prompts of its split group.")
    made_held_out = serializers.IntegerField(
        help_text="Prompts of its split group that would leave training, since one is held out."
    )


class ImportCheckSerializer(ImportReportSerializer):
    """What an import would do. Nothing was imported."""

    made_held_out = serializers.IntegerField(
        help_text="Prompts that would leave training, since their split group is held out."
    )
    tied = TiedRowSerializer(many=True)


class ImportSerializer(serializers.ModelSerializer[Upload]):
    """An import that runs in the background."""

    study = serializers.SlugField(source="study.slug")
    state = OneOf([str(state) for state in UploadState])
    rows = serializers.IntegerField(source="progress.done", help_text="Read so far.")
    total = serializers.IntegerField(help_text="Rows; an estimate until all are read.")
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
        """Add the progress of the import's job."""
        instance.progress = uploads.how_far(upload=instance)
        return super().to_representation(instance)

    def get_percent(self, upload: Upload) -> int:
        """Return the percentage that is done; 100 only when the import is done."""
        return uploads.percent(upload=upload)

    @extend_schema_field(ImportedSerializer(allow_null=True))
    def get_imported(self, upload: Upload) -> dict[str, Any] | None:
        """Return the counts of the import, or null before it is done."""
        if upload.state != UploadState.DONE:
            return None
        found: dict[str, Any] = {"wait_for_round": 0, "wait_for_go": 0, "notes": []}
        found |= upload.found
        names = map(str, ImportedSerializer().fields)
        known = {name: found[name] for name in names if name in found}
        about = {
            "format": found.get("shape") or OWN.key,
            "mapping": found.get("mapping") or {},
            "noticed": found.get("counts") or {},
        }
        return known | about

    def get_bad_rows(self, upload: Upload) -> int:
        """Return the number of rows that cannot be imported."""
        return int(upload.found.get("skipped", 0))

    @extend_schema_field(RowProblemSerializer(many=True))
    def get_problems(self, upload: Upload) -> list[dict[str, Any]]:
        """Return the first errors, by line."""
        return [{"line": line, "problem": problem} for line, problem in upload.problems]
