"""Training runs as a worker ends them, without a model."""

from __future__ import annotations

from modelhub.models import ModelVersion, TrainingRun
from modelhub.queries.training import KIND
from modelhub.services import training
from tests.support import jobs


def trained(run: TrainingRun) -> ModelVersion:
    """The model that a run made, as its row says."""
    with jobs.claimed(KIND, run.id) as work:
        return training.finish(
            work=work, path=f"adapters/{run.id}/adapter", sha256="0" * 64, metrics={}
        )
