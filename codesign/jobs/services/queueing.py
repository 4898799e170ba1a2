"""Starts, dispatches, cancels, resumes and ends jobs.

Locks are taken in this order: study, members, job, then the job's subject.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.jobs import carrier, queries
from codesign.jobs.models import Claim, Job, JobMove
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import JOB_STATES, RESUMABLE, STATE_WORDS, UNFINISHED, JobState
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict
from codesign.shared.transition import Move, machine, transition


def _log(move: Move) -> None:
    """Record the change of state, and update the subject."""
    job: Job = move.row
    JobMove.objects.create(
        job=job, actor_id=move.actor.user_id, old=move.old, new=move.new, reason=job.reason
    )
    KINDS.get(job.kind).moved(move)


machine(Job, JOB_STATES, log=_log)


def start(
    *,
    actor: Actor,
    kind: str,
    subject_id: uuid.UUID,
    label: str = "",
    study_id: uuid.UUID | None = None,
    done: int = 0,
    total: int = 0,
    cursor: str = "",
    due_at: datetime | None = None,
    here: bool = False,
) -> Job:
    """Queue a job in the caller's transaction, and send a message to a worker after the commit.

    A subject has at most one unfinished job of a kind. With `here` no message is sent: the caller
    runs the job with `working.run_to_end`, and if that process dies, the timer sends a message.
    """
    now = timezone.now()
    notify = not here and (due_at is None or due_at <= now)
    job = Job.objects.create(
        kind=kind,
        subject_id=subject_id,
        label=label[:200],
        study_id=study_id,
        requested_by_id=actor.user_id,
        done=done,
        total=total,
        cursor=cursor,
        due_at=due_at or now,
        call=1 if notify else 0,
        called_at=now if notify or here else None,
    )
    JobMove.objects.create(job=job, actor_id=actor.user_id, new=job.state)
    if notify:
        _tell_workers([job])
    return job


def dispatch(*, jobs: Sequence[Job]) -> None:
    """Send a message for each of these locked or new jobs, once the transaction has committed.

    Each message voids the one before, so that messages never pile up.
    """
    for job in jobs:
        job.call, job.called_at = job.call + 1, timezone.now()
    Job.objects.bulk_update(jobs, ["call", "called_at"])
    _tell_workers(jobs)


def _tell_workers(jobs: Sequence[Job]) -> None:
    calls = [(job.id, job.call, KINDS.get(job.kind).task) for job in jobs]
    transaction.on_commit(lambda: _send(calls), robust=True)


def _send(calls: Sequence[tuple[uuid.UUID, int, str]]) -> None:
    """Send messages. If the broker is unreachable, the timer sends the remaining ones later."""
    for sent, (job_id, call, task) in enumerate(calls):
        if not carrier.send(task, str(job_id), str(call)):
            unsent = [unsent_id for unsent_id, _call, _task in calls[sent:]]
            Job.objects.filter(id__in=unsent).update(called_at=None)
            return


@transaction.atomic
def cancel(*, actor: Actor, job: Job) -> Job:
    """Cancel a job: at once if no worker is running it, else at the worker's next heartbeat.

    The caller has checked the permission. Raises Conflict if the job has ended.
    """
    job = queries.locked().get(id=job.id)
    kind = KINDS.get(job.kind)
    if job.state not in UNFINISHED:
        raise Conflict(
            _("This is no longer possible: the %(what)s is %(state)s.")
            % {"what": kind.words, "state": STATE_WORDS[JobState(job.state)]}
        )
    if kind.cancels_at_once or not Claim.objects.filter(job=job).exists():
        end(job=job, to=JobState.CANCELLED, actor=actor)
    elif job.cancel_requested_at is None:
        job.cancel_requested_at = timezone.now()
        job.save(update_fields=["cancel_requested_at"])
    return job


@transaction.atomic
def resume(*, actor: Actor, job: Job) -> Job:
    """Queue a failed or cancelled job again; the caller has checked the permission.

    Raises Conflict for other jobs, and if a newer job of this kind has the same subject.
    """
    job = queries.locked().get(id=job.id)
    words = {"what": KINDS.get(job.kind).words, "state": STATE_WORDS[JobState(job.state)]}
    if job.state not in RESUMABLE:
        raise Conflict(
            _("Only what has failed or was cancelled can be resumed: the %(what)s is %(state)s.")
            % words
        )
    if queries.is_replaced(job=job):
        raise Conflict(_("This cannot be resumed, because the same work was started again later."))
    requeue(job=job, actor=actor, attempts=0, ended_at=None, reason="")
    dispatch(jobs=[job])
    return job


def requeue(*, job: Job, actor: Actor = SYSTEM, **changes: Any) -> None:
    """Put a locked job back in the queue, so that the timer dispatches it."""
    now = timezone.now()
    queued = {"waits": True, "called_at": None, "cancel_requested_at": None, "due_at": now}
    transition(job, to=JobState.QUEUED, actor=actor, changes=queued | changes)


def end(*, job: Job, to: JobState, actor: Actor = SYSTEM, reason: str = "", **changes: Any) -> None:
    """End a locked job and delete its claims. A failed or cancelled job can be resumed."""
    Claim.objects.filter(job=job).delete()
    if to == JobState.CANCELLED:
        reason = reason or str(KINDS.get(job.kind).cancelled_reason)
    ended = {
        "waits": False,
        "called_at": None,
        "ended_at": timezone.now(),
        "reason": reason[:1000],
    }
    transition(job, to=to, actor=actor, changes=ended | changes)


def note(*, job: Job, **changes: Any) -> None:
    """Write columns of a locked job other than its state, such as progress."""
    for name, value in changes.items():
        setattr(job, name, value)
    job.save(update_fields=list(changes))
