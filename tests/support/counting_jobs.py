"""A kind of job that only counts, for tests of the machinery itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection

from codesign.jobs.models import Job
from codesign.jobs.registry import KINDS, Kind, Part
from codesign.jobs.services import queueing, working
from codesign.shared.actors import SYSTEM
from codesign.shared.transition import Move

PLANS: dict[uuid.UUID, Callable[[Any], Any]] = {}
"""What a worker does, by subject."""
MOVES: list[tuple[str, str]] = []


def _run(work: Any) -> Any:
    return PLANS[work.job.subject_id](work)


def _note(move: Move) -> None:
    MOVES.append((move.old, move.new))


def _next_part(job: Job) -> Part | None:
    taken = set(job.claims.values_list("part", flat=True))
    free = [number for number in range(job.done, 4) if number not in taken]
    return Part(free[0], more=len(free) > 1) if free else None


def kind(name: str = "count", **also: Any) -> str:
    """Register a kind that runs a test's plans, once."""
    if name not in KINDS:
        made: dict[str, Any] = {
            "queue": "exports",
            "time_limit": 60,
            "words": "count",
            "unit": "things",
        } | also
        KINDS.register(
            name,
            Kind(
                name=name,
                task="modelhub.tasks.generate_chunk",
                run=_run,
                permission=None,
                moved=_note,
                **made,
            ),
        )
    return name


def in_parts() -> str:
    """A kind of four parts, which several workers may do at once."""
    return kind("count_in_parts", next_part=_next_part, most_attempts=None, cancels_at_once=True)


def job(plan: Callable[[Any], Any], name: str | None = None) -> Job:
    """A job that waits, and what its worker will do."""
    subject = uuid.uuid4()
    PLANS[subject] = plan
    return queueing.start(actor=SYSTEM, kind=name or kind(), subject_id=subject, label="A count")


def perform(job: Job) -> None:
    """Answer the job's last message, with a connection that ends with it."""
    try:
        working.perform(job_id=job.id, call=Job.objects.get(id=job.id).call)
    finally:
        connection.close()
