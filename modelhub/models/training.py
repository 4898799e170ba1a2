"""Training runs and evaluations."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from annotations.models import DatasetRelease, Round
from codesign.accounts.models import User
from codesign.jobs.queries import Progress
from codesign.shared.models import PublicModel, one_of, write_once
from codesign.studies.models import Study
from modelhub.models.generation import GenerationRun
from modelhub.models.versions import ModelVersion
from modelhub.rules.states import Method, TrainingState


class TrainingRun(PublicModel):
    """Trains a base model on one release with one set of parameters; makes a model version."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="training_runs")
    release = models.ForeignKey(
        DatasetRelease, on_delete=models.PROTECT, related_name="training_runs"
    )
    base = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="training_runs")
    method = models.CharField(max_length=8)
    params = models.JSONField(default=dict)
    seed = models.PositiveBigIntegerField(default=0)
    system_message = models.TextField(
        help_text="Put before every prompt. The release's responses were written with it."
    )
    config_hash = models.CharField(
        max_length=64, help_text="Over release, base, method, params, seed and system message."
    )
    state = models.CharField(max_length=10, default=TrainingState.QUEUED)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    losses = models.JSONField(default=list, help_text='[{"step","loss"}]')
    measurements = models.JSONField(
        default=list,
        help_text='[{"step","loss",…}]: scores on validation records while the model trained.',
    )
    metrics = models.JSONField(default=dict)
    error = models.CharField(max_length=1000, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    progress: Progress
    """The progress of its job, set for lists and the API."""

    class Meta:
        constraints: ClassVar = [
            one_of("state", TrainingState, "training_run_state_known"),
            one_of("method", Method, "training_run_method_known"),
            models.UniqueConstraint(
                fields=["config_hash"],
                condition=~Q(state__in=[TrainingState.FAILED, TrainingState.CANCELLED]),
                name="training_run_once",
            ),
        ]
        triggers: ClassVar = write_once(
            "study_id",
            "release_id",
            "base_id",
            "method",
            "params",
            "seed",
            "system_message",
            "config_hash",
        )


class Evaluation(PublicModel):
    """A blind comparison of a child model with its parent on the held-out prompts."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="evaluations")
    parent = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    child = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="evaluation")
    parent_run = models.OneToOneField(GenerationRun, on_delete=models.PROTECT, related_name="+")
    child_run = models.OneToOneField(GenerationRun, on_delete=models.PROTECT, related_name="+")
    identical = models.PositiveIntegerField(
        default=0, help_text="Prompts with two identical responses: ties that nobody judges."
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(parent=F("child")), name="evaluation_compares_two"),
            models.UniqueConstraint(fields=["study", "child"], name="evaluation_once_per_child"),
        ]
