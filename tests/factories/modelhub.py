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


def frozen_release(
    study: Study, *, purpose: str = "training", state: str = "frozen"
) -> DatasetRelease:
    """A release as its row says; files are the test's own business."""
    number = DatasetRelease.objects.filter(study=study).count() + 1
    return DatasetRelease.objects.create(
        study=study, number=number, purpose=purpose, state=state, frozen_at=timezone.now()
    )
