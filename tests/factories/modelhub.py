"""Prompts through their service, and rounds that wait for what a model writes."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from annotations.models import DatasetRelease, Prompt, Round
from annotations.rules.prompts import PromptRow
from annotations.rules.states import RoundKind
from annotations.services import prompts
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Study
from modelhub.models import ModelVersion
from modelhub.rules.states import ModelKind
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judging_round


def add_prompts(study: Study, *texts: str, **extra: Any) -> list[Prompt]:
    """Prompts of one turn each, in the order of the texts."""
    added = prompts.add_prompts(
        actor=SYSTEM,
        study=study,
        rows=[
            PromptRow(messages=[{"role": "user", "content": text}], line=line, **extra)
            for line, text in enumerate(texts)
        ],
    )
    return [added.by_line[line] for line in range(len(texts))]


def open_round(*cohorts: Cohort, kind: RoundKind = RoundKind.JUDGING) -> Round:
    """An open round without tasks."""
    return judging_round(*cohorts, kind=kind, tasks=0)


def child_of(study: Study) -> ModelVersion:
    """A trained model, as its row says."""
    return ModelVersion.objects.create(
        study=study,
        name="child",
        kind=ModelKind.ADAPTER,
        parent=ensure_embedded_model(),
        path="adapters/x/adapter",
        sha256="0" * 64,
    )


def frozen_release(
    study: Study,
    *,
    purpose: str = "training",
    state: str = "frozen",
    rows: dict[str, dict[str, int]] | None = None,
) -> DatasetRelease:
    """A release as its row says; files are the test's own business."""
    number = DatasetRelease.objects.filter(study=study).count() + 1
    return DatasetRelease.objects.create(
        study=study,
        number=number,
        purpose=purpose,
        state=state,
        frozen_at=timezone.now(),
        manifest={"rows": rows} if rows else {},
    )
