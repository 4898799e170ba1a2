"""Reads jobs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.jobs.models import Claim, Job
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import STALE_AFTER, UNFINISHED, JobState, rate_of, share_of
from codesign.shared.advisory_locks import Lock, try_lock_until_commit
from codesign.shared.errors import NotFound

PROGRESS_COLUMNS = (
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
"""Columns of a job that `progress_of` needs."""
LOST_AFTER = timedelta(seconds=30)
"""An unanswered message counts as lost after this time, if no worker of its queue is busy."""
LOST_AFTER_WHEN_BUSY = timedelta(minutes=10)
"""The same if workers of the queue are busy: the message is probably still in the queue."""


def job_of(*, kind: str, subject_id: uuid.UUID) -> Job | None:
    """Return the newest job of a kind about a subject, or None."""
    return Job.objects.filter(kind=kind, subject_id=subject_id).order_by("-created_at").first()


def job_about(*, kind: str, subject_id: uuid.UUID) -> Job:
    """Return the newest job of a kind about a subject, or raise NotFound."""
    if (job := job_of(kind=kind, subject_id=subject_id)) is None:
        raise NotFound
    return job


def jobs_of(*, kind: str, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Job]:
    """Return the newest job of a kind about each of these subjects, using one query."""
    jobs = Job.objects.filter(kind=kind, subject_id__in=list(subject_ids))
    return {job.subject_id: job for job in jobs.order_by("created_at")}


def newest_job(kind: str) -> Subquery:
    """Return a subquery for annotations: the newest job of a kind about each row, as JSON.

    Pass it to `progress_of` as `SimpleNamespace(**row.job)`.
    """
    jobs = Job.objects.filter(kind=kind, subject_id=OuterRef("pk")).order_by("-created_at")
    columns: Any = {name: name for name in PROGRESS_COLUMNS}
    return Subquery(jobs.values(data=JSONObject(**columns))[:1])


def unfinished(*, kind: str) -> QuerySet[Job]:
    """Return the queued and running jobs of a kind."""
    return Job.objects.filter(kind=kind, state__in=UNFINISHED)


def history(*, study_id: uuid.UUID, kinds: Collection[str]) -> QuerySet[Job]:
    """Return the jobs of a study, newest first, of the kinds that the reader may see.

    `replaced` says whether a newer job of the kind has the same subject.
    """
    jobs = Job.objects.filter(study_id=study_id, kind__in=kinds).annotate(replaced=_replaced())
    return jobs.defer("samples").order_by("-created_at", "-id")


def kinds_for(roles: Collection[str]) -> list[str]:
    """Return the names of the kinds that people with these roles see in the history."""
    return [name for name, kind in KINDS if kind.permission and kind.permission.roles & set(roles)]


def job_in(*, study_id: uuid.UUID, kinds: Collection[str], job_id: uuid.UUID) -> Job:
    """Return a job of the history of a study, or raise NotFound."""
    if (job := history(study_id=study_id, kinds=kinds).filter(id=job_id).first()) is None:
        raise NotFound(_("This job does not exist, or you do not have access to it."))
    return job


def is_replaced(*, job: Job) -> bool:
    """Return whether a newer job of the kind has the same subject."""
    return Job.objects.filter(_replaced(), id=job.id).exists()


def _replaced() -> Exists:
    return Exists(
        Job.objects.filter(
            kind=OuterRef("kind"),
            subject_id=OuterRef("subject_id"),
            created_at__gt=OuterRef("created_at"),
        )
    )


def unfinished_job(*, kind: str, subject_id: uuid.UUID) -> Job | None:
    """Return the unfinished job of a kind about a subject, or None."""
    return unfinished(kind=kind).filter(subject_id=subject_id).first()


def lock_unfinished(*, kind: str, subject_id: uuid.UUID) -> Job | None:
    """Return the unfinished job of a kind about a subject, locked, or None."""
    jobs = locked().filter(kind=kind, subject_id=subject_id, state__in=UNFINISHED)
    return jobs.first()


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job, for pages and programs.

    While the total is unknown, `total` is 0 and `share` is None. `rate` is in units per second
    over the last minute of work, and `seconds_left` is computed from it. Both are None unless a
    worker is running the job.
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
    """Return the progress of a job."""
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
    """Return jobs, locked until the transaction ends; `skip` leaves out jobs that are locked."""
    return Job.objects.select_for_update(no_key=True, of=("self",), skip_locked=skip)


def is_called(*, job_id: uuid.UUID, call: int) -> bool:
    """Return whether a message is still the last one of an unfinished job."""
    return Job.objects.filter(id=job_id, call=call, state__in=UNFINISHED).exists()


def claimed() -> list[uuid.UUID]:
    """Return ids of jobs with a claim, also if the worker is dead."""
    return list(Claim.objects.order_by("job_id").values_list("job_id", flat=True).distinct())


def busy_queues() -> set[str]:
    """Return the queues of claimed jobs."""
    kinds = Claim.objects.values_list("job__kind", flat=True).distinct()
    return {KINDS.get(kind).queue for kind in kinds if kind in KINDS}


def to_dispatch(*, queue: str, busy: bool) -> QuerySet[Job]:
    """Return the jobs of a queue that need a worker and whose last message counts as lost."""
    now = timezone.now()
    silent_since = now - (LOST_AFTER_WHEN_BUSY if busy else LOST_AFTER)
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
    """Return whether the worker of a claim is dead: its connection or its heartbeat has ended.

    Call this in a transaction, which holds the lock of the claim until it ends.
    """
    if claim.heartbeat_at < timezone.now() - STALE_AFTER:
        return True
    return try_lock_until_commit(Lock.WORKER, claim.id)
