"""Model versions, and the only table that maps a response's source to its model version."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from codesign.accounts.models import User
from codesign.shared.models import PublicModel, append_only, one_of
from codesign.studies.models import Study
from modelhub.rules.states import ModelKind


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    """Selects model versions by the studies that may use them (decision 28)."""

    def of_study(self, *study_ids: uuid.UUID) -> ModelVersionQuerySet:
        """Return the models of these studies and the models shipped with Codesign."""
        return self.filter(Q(study_id__in=study_ids) | Q(study=None))


class ModelVersion(PublicModel):
    """A model that can be named. A trained model has a parent and a training run."""

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
    path = models.CharField(max_length=300, blank=True, help_text="Relative to the models folder.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the adapter's weights.")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "name"], nulls_distinct=False, name="model_name_unique"
            ),
            one_of("kind", ModelKind, "model_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind__in=[ModelKind.ADAPTER, ModelKind.SCORER])
                | (Q(parent__isnull=False) & ~Q(sha256="") & ~Q(path="")),
                name="adapter_has_lineage",
            ),
        ]
        triggers: ClassVar = append_only()

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
