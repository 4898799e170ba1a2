"""The tasks that carry jobs, and the timer's one task for all of them."""

from __future__ import annotations

from typing import Any

from codesign.jobs.carrier import background
from codesign.jobs.registry import Kind
from codesign.jobs.services import tending, working


def carried(kind: Kind) -> Any:
    """The Celery task that carries the jobs of a kind."""

    @background(name=kind.task, queue=kind.queue, time_limit=kind.time_limit)
    def perform(job_id: str, call: str) -> None:
        working.perform(job_id=job_id, call=call)

    return perform


@background(name="jobs.tasks.tend", queue="default", time_limit=60)
def tend() -> None:
    """Free the jobs of dead workers, and dispatch those that wait."""
    tending.tend()
