"""What the timer does for all jobs: free those whose worker died, dispatch those that wait.

Each job has a short transaction of its own and a locked one is skipped, so that the timer never
waits for a worker, and no worker for the timer.
"""

from __future__ import annotations

import uuid

from django.db import transaction

from codesign.jobs import queries
from codesign.jobs.models import Claim, Job
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import UNFINISHED, JobState
from codesign.jobs.services import queueing

AT_ONCE = 200
"""Messages sent in one transaction, of each queue."""


def tend() -> int:
    """Free the jobs of dead workers and send messages that are missing; how many were sent."""
    for job_id in queries.claimed():
        _free(job_id)
    busy = queries.busy_queues()
    queues = dict.fromkeys(kind.queue for _, kind in KINDS)
    return sum(_dispatch_waiting(queue, busy=queue in busy) for queue in queues)


@transaction.atomic
def _free(job_id: uuid.UUID) -> None:
    if job := queries.locked(skip=True).filter(id=job_id, state__in=UNFINISHED).first():
        free_dead(job=job)


def free_dead(*, job: Job) -> None:
    """Drop the claims of a locked job whose workers are gone, and let others take their parts."""
    claims = list(Claim.objects.filter(job=job))
    dead = [claim for claim in claims if queries.is_dead(claim)]
    if not dead:
        return
    Claim.objects.filter(id__in=[claim.id for claim in dead]).delete()
    if job.cancel_requested_at:
        queueing.end(job=job, to=JobState.CANCELLED)
    elif len(dead) == len(claims):
        queueing.requeue(job=job)
    else:
        queueing.note(job=job, waits=True, called_at=None)


@transaction.atomic
def _dispatch_waiting(queue: str, *, busy: bool) -> int:
    jobs = list(queries.to_dispatch(queue=queue, busy=busy)[:AT_ONCE])
    if jobs:
        queueing.dispatch(jobs=jobs)
    return len(jobs)
