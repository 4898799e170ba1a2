"""Running the jobs that wait, as a worker does."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codesign.jobs.models import Job
from codesign.jobs.queries import job_about, unfinished
from codesign.jobs.services import working
from codesign.jobs.services.working import Work


def run(
    kind: str, subject_id: uuid.UUID, listener: Callable[[int, int], None] | None = None
) -> Job:
    """Answer the last message of a subject's job; the job as it is afterwards."""
    job = job_about(kind=kind, subject_id=subject_id)
    working.perform(job_id=job.id, call=job.call, listener=listener)
    job.refresh_from_db()
    return job


def run_all(kind: str) -> int:
    """Answer the last message of every unfinished job of a kind, oldest first; return how many."""
    jobs = list(unfinished(kind=kind).order_by("created_at", "id"))
    for job in jobs:
        working.perform(job_id=job.id, call=job.call)
    return len(jobs)


@contextmanager
def claimed(kind: str, subject_id: uuid.UUID) -> Iterator[Work]:
    """A subject's job, claimed and shown to be alive until the block ends."""
    job = job_about(kind=kind, subject_id=subject_id)
    with working.at_work(job_id=job.id, call=job.call) as work:
        assert work is not None
        yield work
