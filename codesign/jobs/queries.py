"""Reading jobs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from codesign.jobs.models import Claim, Job
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import STALE_AFTER, UNFINISHED, JobState, rate_of, share_of
from codesign.shared.advisory_locks import Lock, try_lock_until_commit
from codesign.shared.errors import NotFound

TOLD = (
    "state",
    "done",
    "total",
    "samples",
    "attempts",
    "cancel_requested_at",
    "started_at",
    "ended_at",
    "reason",
)
"""Columns of a job that its progress is told from."""
LOST_AFTER = timedelta(seconds=30)
"""A message that no worker has answered by then counts as lost where its queue is idle."""
IN_LINE = timedelta(minutes=10)
"""The same where workers of the queue are busy: the message most likely waits in line."""


def job_of(*, kind: str, subject_id: uuid.UUID) -> Job | None:
    """The newest job of a kind about a subject."""
    return Job.objects.filter(kind=kind, subject_id=subject_id).order_by("-created_at").first()


def job_about(*, kind: str, subject_id: uuid.UUID) -> Job:
    """The same, where there must be one."""
    if (job := job_of(kind=kind, subject_id=subject_id)) is None:
        raise NotFound
    return job


def jobs_of(*, kind: str, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Job]:
    """The newest job of a kind about each of these subjects, in one query."""
    jobs = Job.objects.filter(kind=kind, subject_id__in=list(subject_ids))
    return {job.subject_id: job for job in jobs.order_by("created_at")}


def newest_job(kind: str) -> Subquery:
    """The newest job of a kind about each row of a query, as a JSON object to annotate it with.

    `progress_of` takes `SimpleNamespace(**row.job)`.
    """
    jobs = Job.objects.filter(kind=kind, subject_id=OuterRef("pk")).order_by("-created_at")
    columns: Any = {name: name for name in TOLD}
    return Subquery(jobs.values(data=JSONObject(**columns))[:1])


def unfinished(*, kind: str) -> QuerySet[Job]:
    """Jobs of a kind that wait or that a worker is at."""
    return Job.objects.filter(kind=kind, state__in=UNFINISHED)


def history(*, study_id: uuid.UUID, kinds: Collection[str]) -> QuerySet[Job]:
    """The jobs of a study, newest first, of the kinds that the reader may see."""
    found = Job.objects.filter(study_id=study_id, kind__in=kinds)
    return found.defer("samples").order_by("-created_at", "-id")


def unfinished_job(*, kind: str, subject_id: uuid.UUID) -> Job | None:
    """The unfinished job of a kind about a subject."""
    return unfinished(kind=kind).filter(subject_id=subject_id).first()


def lock_unfinished(*, kind: str, subject_id: uuid.UUID) -> Job | None:
    """The unfinished job of a kind about a subject, locked until the transaction ends."""
    jobs = locked().filter(kind=kind, subject_id=subject_id, state__in=UNFINISHED)
    return jobs.first()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, in one form for pages and programs.

    `total` is 0 and `share` None while the total is unknown. `rate` is in units per second over
    the last minute in which a worker was at it, `seconds_left` follows from it; both are None
    unless a worker is at it.
    """

    state: JobState
    done: int
    total: int
    share: float | None
    rate: float | None
    seconds_left: float | None
    attempts: int
    cancelling: bool
    cancel_requested_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    reason: str


def progress_of(job: Job | SimpleNamespace) -> Progress:
    """How far a job is."""
    running = job.state == JobState.RUNNING
    rate = rate_of(job.samples, done=job.done, total=job.total) if running else None
    return Progress(
        state=JobState(job.state),
        done=job.done,
        total=job.total,
        share=share_of(done=job.done, total=job.total),
        rate=rate.per_second if rate else None,
        seconds_left=rate.seconds_left if rate else None,
        attempts=job.attempts,
        cancelling=running and job.cancel_requested_at is not None,
        cancel_requested_at=job.cancel_requested_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        reason=job.reason,
    )


# --- for workers and the timer ------------------------------------------------------------------


def locked(*, skip: bool = False) -> QuerySet[Job]:
    """Jobs, locked until the transaction ends; with `skip` only those that nobody has locked."""
    return Job.objects.select_for_update(no_key=True, of=("self",), skip_locked=skip)


def is_called(*, job_id: uuid.UUID, call: int) -> bool:
    """Whether a message is still the last one of a job that is not finished."""
    return Job.objects.filter(id=job_id, call=call, state__in=UNFINISHED).exists()


def claimed() -> list[uuid.UUID]:
    """Jobs that a worker has claimed, dead or alive."""
    return list(Claim.objects.order_by("job_id").values_list("job_id", flat=True).distinct())


def busy_queues() -> set[str]:
    """Queues of which some worker has a job now."""
    kinds = Claim.objects.values_list("job__kind", flat=True).distinct()
    return {KINDS.get(kind).queue for kind in kinds if kind in KINDS}


def to_dispatch(*, queue: str, busy: bool) -> QuerySet[Job]:
    """Jobs of a queue that need a worker and of which no message can be on its way any more."""
    now = timezone.now()
    silent_since = now - (IN_LINE if busy else LOST_AFTER)
    return (
        locked(skip=True)
        .filter(
            Q(called_at=None) | Q(called_at__lte=silent_since),
            kind__in=[name for name, kind in KINDS if kind.queue == queue],
            waits=True,
            due_at__lte=now,
        )
        .order_by("due_at", "created_at")
    )


def is_dead(claim: Claim) -> bool:
    """Whether the worker of a claim is gone: its connection has ended, or it no longer beats.

    Within a transaction: nobody can take the claim's lock until that ends.
    """
    if claim.heartbeat_at < timezone.now() - STALE_AFTER:
        return True
    return try_lock_until_commit(Lock.WORKER, claim.id)
