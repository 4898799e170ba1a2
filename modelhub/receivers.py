"""Signal receivers: what happens after a generation run, and after a withdrawal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from annotations.models import DatasetRelease
from annotations.signals import releases_superseded
from modelhub.models import GenerationRun
from modelhub.queries.evaluations import evaluation_of_run
from modelhub.services.evaluations import place_ready
from modelhub.services.exported import tell_holders_of_models_from
from modelhub.signals import run_finished


@receiver(run_finished)
def open_comparisons(*, run: GenerationRun, **_: Any) -> None:
    """Make tasks of an evaluation's prompts that both models have answered."""
    if evaluation := evaluation_of_run(run_id=run.id):
        place_ready(evaluation_id=evaluation.id)


@receiver(releases_superseded)
def tell_who_exported(*, releases: Sequence[DatasetRelease], **_: Any) -> None:
    """Tell people who exported a model that learnt from these releases to delete their copies."""
    tell_holders_of_models_from(releases=releases)
