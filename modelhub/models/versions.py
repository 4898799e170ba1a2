"""Model versions, and the only table that maps a response's source to its model version."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from codesign.accounts.models import User
from codesign.shared.models import PublicModel, Refusal, append_only, one_of, write_once
from codesign.studies.models import Study
from modelhub.rules.states import REGISTERED, ModelKind, ModelState

GIVEN = (
    "study_id",
    "name",
    "kind",
    "parent_id",
    "training_run_id",
    "location",
    "served_name",
    "key_variable",
    "made_by_id",
)
"""Columns that never change."""
FOUND = ("state", "revision", "licence", "path", "sha256", "facts")
"""Columns that the check fills in. They never change once the model is ready."""
HAS_WEIGHTS = ~Q(sha256="") & ~Q(path="")


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    """Selects model versions by the studies that may use them (decision 28)."""

    def of_study(self, *study_ids: uuid.UUID) -> ModelVersionQuerySet:
        """Return the models of these studies and the models shipped with Codesign."""
        return self.filter(Q(study_id__in=study_ids) | Q(study=None))

    def ready(self) -> ModelVersionQuerySet:
        """Return the models that passed their check."""
        return self.filter(state=ModelState.READY)


class ModelVersion(PublicModel):
    """A model that can be named. A trained model has a parent and a training run.

    A registered model is checked by a job before it is ready. Its files stay where they are, except
    for a GGUF file, which is converted into the models folder. A registered adapter has a base as
    its parent. The key of a server is never saved: only the name of its environment variable.
    """

    study = models.ForeignKey(
        Study,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="model_versions",
        help_text="Empty: shipped with Codesign, for every study.",
    )
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    training_run = models.OneToOneField(
        "modelhub.TrainingRun",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="model_version",
    )
    state = models.CharField(max_length=10, default=ModelState.READY)
    problem = models.CharField(max_length=1000, blank=True, help_text="Why it was refused.")
    location = models.CharField(
        max_length=500,
        blank=True,
        help_text="Where a registered model is: a folder or file, a Hub id, a server's address.",
    )
    revision = models.CharField(
        max_length=100, blank=True, help_text="Of a Hub model: its commit, once it is checked."
    )
    served_name = models.CharField(max_length=200, blank=True, help_text="Its name at the server.")
    key_variable = models.CharField(
        max_length=100, blank=True, help_text="Name of the variable with the server's key."
    )
    licence = models.CharField(
        max_length=100, blank=True, help_text="As the person or the model's card names it."
    )
    path = models.CharField(
        max_length=500,
        blank=True,
        help_text="Folder of its weights: relative to the models folder, or absolute.",
    )
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of its weights.")
    facts = models.JSONField(
        default=dict, help_text="Found by the check: architecture, parameters, context, sizes."
    )
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "name"],
                condition=~Q(state=ModelState.REFUSED),
                nulls_distinct=False,
                name="model_name_unique",
            ),
            one_of("kind", ModelKind, "model_kind_known"),
            one_of("state", ModelState, "model_state_known"),
            models.CheckConstraint(
                condition=~Q(kind__in=[ModelKind.ADAPTER, ModelKind.SCORER])
                | (Q(parent__isnull=False) & (~Q(state=ModelState.READY) | HAS_WEIGHTS)),
                name="adapter_has_lineage",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[ModelKind.FOLDER, ModelKind.HUB, ModelKind.GGUF])
                | ~Q(state=ModelState.READY)
                | HAS_WEIGHTS,
                name="ready_model_has_weights",
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=REGISTERED) & ~Q(location=""))
                | Q(kind=ModelKind.ADAPTER)
                | (~Q(kind__in=REGISTERED) & Q(location="")),
                name="registered_model_has_location",
            ),
            models.CheckConstraint(
                condition=(Q(kind=ModelKind.SERVER) & ~Q(served_name="") & Q(path=""))
                | (~Q(kind=ModelKind.SERVER) & Q(served_name="", key_variable="")),
                name="only_servers_serve",
            ),
            models.CheckConstraint(
                condition=Q(problem="") | Q(state=ModelState.REFUSED),
                name="only_refused_models_have_problems",
            ),
        ]
        triggers: ClassVar = [
            *write_once(*GIVEN),
            Refusal(
                name="fixed_when_ready",
                operation=pgtrigger.UpdateOf(*FOUND),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(old__state=ModelState.READY),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """Maps a response's opaque source to its model version. Judging code never reads it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    model_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sources",
        help_text="Empty: imported without a name.",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "model_version"], nulls_distinct=False, name="source_unique"
            )
        ]
        triggers: ClassVar = append_only()
