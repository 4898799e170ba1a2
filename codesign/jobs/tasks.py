"""Celery tasks that run jobs, and the periodic task that frees and dispatches them."""

from __future__ import annotations

from typing import Any

from codesign.jobs.carrier import background
from codesign.jobs.registry import Kind
from codesign.jobs.services import tending, working


def carried(kind: Kind) -> Any:
    """Return the Celery task that runs the jobs of a kind."""

    @background(name=kind.task, queue=kind.queue, time_limit=kind.time_limit)
    def perform(job_id: str, call: str) -> None:
        working.perform(job_id=job_id, call=call)

    return perform


@background(name="jobs.tasks.tend", queue="default", time_limit=60)
def tend() -> None:
    """Free the jobs of dead workers, and dispatch waiting jobs."""
    tending.tend()
