"""Signal receivers: what happens after a generation run has ended."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from modelhub.models import GenerationRun
from modelhub.queries.evaluations import evaluation_of_run
from modelhub.services.evaluations import place_ready
from modelhub.signals import run_finished


@receiver(run_finished)
def open_comparisons(*, run: GenerationRun, **_: Any) -> None:
    """Make tasks of an evaluation's prompts that both models have answered."""
    if evaluation := evaluation_of_run(run_id=run.id):
        place_ready(evaluation_id=evaluation.id)
