"""A worker's side of a job: claim it, run it, and save how it ended."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.jobs import queries
from codesign.jobs.models import Claim, Job
from codesign.jobs.registry import KINDS, MORE, Failed, Part, Retry
from codesign.jobs.rules import BEAT_SECONDS, UNFINISHED, JobState, sampled
from codesign.jobs.services import queueing
from codesign.jobs.services.pulse import Pulse, Stopped
from codesign.jobs.services.tending import free_dead
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import DATABASE_AWAY, Conflict, Refusal
from codesign.shared.transition import transition

log = logging.getLogger(__name__)
TRIED_AGAIN_AFTER = timedelta(seconds=15)
"""Delay of a retry after a full disk or a lost database connection."""

Listener = Callable[[int, int], None]


class Work:
    """The input of a runner: the job, the claimed part, and methods to report."""

    def __init__(self, job: Job, part: int, pulse: Pulse, listener: Listener | None) -> None:
        self.job = job
        self.part = part
        self._pulse = pulse
        self._listener = listener

    def check(self) -> None:
        """Raise Stopped if the job was cancelled. This is fast, so call it often."""
        self._pulse.check()

    def progress(self, done: int, total: int) -> None:
        """Report progress, which is saved within a second; raises Stopped like `check`."""
        self._pulse.done, self._pulse.total = done, total
        if self._listener:
            self._listener(done, total)
        self._pulse.check()

    def lock(self) -> Job:
        """Lock the job in the transaction that saves results; raises Stopped if that must not be.

        This is the case if the job was cancelled, or if another worker took over because this one
        seemed dead.
        """
        job = queries.locked().get(id=self.job.id)
        ours = Claim.objects.filter(id=self._pulse.claim_id, job=job).exists()
        if not ours or job.cancel_requested_at:
            raise Stopped
        return job

    def finish(self, *, reason: str = "") -> None:
        """End the job as done in the transaction that saves its results; raises like `lock`."""
        done, total = self._pulse.done, self._pulse.total
        queueing.end(
            job=self.lock(), to=JobState.DONE, reason=reason, done=total or done, total=total
        )

    def advance(self, *, done: int, total: int, **changes: Any) -> Job:
        """Save progress in the transaction that saves a batch or a part; raises like `lock`.

        `changes` are other columns of the job, such as its cursor.
        """
        job = self.lock()
        samples = sampled(job.samples, at=timezone.now().timestamp(), done=done)
        queueing.note(job=job, done=done, total=total, samples=samples, attempts=0, **changes)
        self._pulse.already_written(done=done, total=total)
        if self._listener:
            self._listener(done, total)
        return job

    def is_ours(self) -> bool:
        """Return whether this worker's claim is still valid; call this in a transaction."""
        return Claim.objects.filter(id=self._pulse.claim_id, job_id=self.job.id).exists()


def perform(*, job_id: uuid.UUID | str, call: int | str, listener: Listener | None = None) -> bool:
    """Handle a message: claim the job's next part and run it; return whether one was claimed.

    A message is ignored if a later one replaced it, if the job has ended, or if another worker has
    claimed it. `listener` is called with the progress in this process.
    """
    with at_work(job_id=job_id, call=call, listener=listener) as work:
        if work is None:
            return False
        carry_out(work=work)
    return True


@contextmanager
def at_work(
    *, job_id: uuid.UUID | str, call: int | str, listener: Listener | None = None
) -> Iterator[Work | None]:
    """Claim the job's next part, and write heartbeats until the block ends.

    Gives None if there is nothing to claim. The block must save how the work ended.
    """
    job_id, call = uuid.UUID(str(job_id)), int(call)
    if not queries.is_called(job_id=job_id, call=call):
        yield None
        return
    with Pulse() as pulse:
        claimed = _claim(job_id, call, pulse.claim_id)
        if claimed is None:
            yield None
            return
        job, part = claimed
        pulse.claimed(done=job.done, total=job.total)
        yield Work(job, part.number, pulse, listener)


def run_to_end(*, actor: Actor, job: Job, listener: Listener | None = None) -> Job:
    """Run a job in this process, for commands, and return it once it has ended.

    If the job has to be tried again later, or if a worker has taken it over, this waits for it.
    Ctrl-C cancels the job. If this process is killed, a worker continues it.
    """
    try:
        while not _ran_to_end(job, listener):
            time.sleep(BEAT_SECONDS)
    except KeyboardInterrupt:
        with suppress(Conflict):
            _cancel_here(actor, job)
        raise
    return job


def _ran_to_end(job: Job, listener: Listener | None) -> bool:
    perform(job_id=job.id, call=job.call, listener=listener)
    job.refresh_from_db()
    return job.state not in UNFINISHED


@transaction.atomic
def _cancel_here(actor: Actor, job: Job) -> None:
    """Cancel a job whose claim by this process has just ended, without waiting for the timer."""
    free_dead(job=queueing.cancel(actor=actor, job=job))


@transaction.atomic
def _claim(job_id: uuid.UUID, call: int, claim_id: uuid.UUID) -> tuple[Job, Part] | None:
    """Claim the next part of a job, and send a message for another worker if it has more parts."""
    job = queries.locked().filter(id=job_id, call=call, state__in=UNFINISHED).first()
    if job is None:
        return None
    free_dead(job=job)
    if not job.waits or job.due_at > timezone.now():
        return None
    kind = KINDS.get(job.kind)
    if kind.most_attempts is not None and job.attempts >= kind.most_attempts:
        queueing.end(
            job=job,
            to=JobState.FAILED,
            reason=_("The worker stopped %(times)s times during this work. See its log.")
            % {"times": job.attempts},
        )
        return None
    part = kind.next_part(job)
    if part is None:
        if job.state in UNFINISHED:
            queueing.note(job=job, waits=False, called_at=None)
        return None
    Claim.objects.create(id=claim_id, job=job, part=part.number)
    _count_in(job, more=part.more)
    if part.more:
        queueing.dispatch(jobs=[job])
    return job, part


def _count_in(job: Job, *, more: bool) -> None:
    """Save that a worker has claimed the job."""
    now = timezone.now()
    changes: dict[str, Any] = {
        "waits": more,
        "called_at": None,
        "attempts": job.attempts + 1,
        "started_at": job.started_at or now,
        "reason": "",
    }
    if job.state == JobState.RUNNING:
        queueing.note(job=job, **changes)
        return
    samples = sampled([], at=now.timestamp(), done=job.done)
    transition(job, to=JobState.RUNNING, actor=SYSTEM, changes=changes | {"samples": samples})


def carry_out(*, work: Work) -> None:
    """Run the claimed work, and save how it ended."""
    kind = KINDS.get(work.job.kind)
    try:
        outcome = kind.run(work)
    except Stopped:
        _stop(work)
    except Failed as failed:
        _fail(work, str(failed))
    except Retry as retry:
        after = timedelta(seconds=retry.seconds)
        _give_back(work, after=after, reason=str(retry), again=not retry.counts)
    except Refusal as refusal:
        _fail(work, refusal.title)
    except Exception as error:
        if not (isinstance(error, DATABASE_AWAY) or disk_space.was_lacking(error)):
            log.exception("job %s (%s) stopped", work.job.id, work.job.kind)
            _fail(
                work,
                _("An unexpected error stopped this. The server's log has the details. Try again."),
            )
            return
        log.warning("job %s (%s) is tried again: %s", work.job.id, work.job.kind, error)
        _leave(work)
    else:
        if outcome == MORE:
            _give_back(work)
        else:
            _finish(work)


@transaction.atomic
def _finish(work: Work) -> None:
    """End the job as done, unless the runner has ended it or it was cancelled."""
    job = queries.locked().get(id=work.job.id)
    if not work.is_ours():
        return
    if job.cancel_requested_at:
        queueing.end(job=job, to=JobState.CANCELLED)
    else:
        work.finish()


@transaction.atomic
def _stop(work: Work) -> None:
    """End a cancelled job, unless another worker has taken it over."""
    job = queries.locked().get(id=work.job.id)
    if not work.is_ours():
        return
    if job.cancel_requested_at:
        queueing.end(job=job, to=JobState.CANCELLED)
    else:  # the heartbeat's connection ended
        _return(work, job, attempts=job.attempts - 1)


@transaction.atomic
def _fail(work: Work, reason: str) -> None:
    job = queries.locked().get(id=work.job.id)
    if work.is_ours():
        to = JobState.CANCELLED if job.cancel_requested_at else JobState.FAILED
        queueing.end(job=job, to=to, reason="" if job.cancel_requested_at else reason)


def _leave(work: Work) -> None:
    """Return a job after a temporary error. If the database is unreachable, the timer does it."""
    if not connection.in_atomic_block:
        connection.close()
    with suppress(*DATABASE_AWAY):
        _give_back(work, after=TRIED_AGAIN_AFTER, again=True)


@transaction.atomic
def _give_back(
    work: Work, *, after: timedelta = timedelta(), reason: str = "", again: bool = False
) -> None:
    """Let a later message continue the job; with `again` this attempt does not count."""
    job = queries.locked().get(id=work.job.id)
    if not work.is_ours():
        return
    if job.cancel_requested_at:
        queueing.end(job=job, to=JobState.CANCELLED)
        return
    changes: dict[str, Any] = {"reason": reason[:1000], "due_at": timezone.now() + after}
    if again:
        changes["attempts"] = max(job.attempts - 1, 0)
    if after:
        _return(work, job, **changes)
        return
    Claim.objects.filter(id=work._pulse.claim_id).delete()
    if not job.waits:
        queueing.note(job=job, waits=True, attempts=0)
        queueing.dispatch(jobs=[job])


def _return(work: Work, job: Job, **changes: Any) -> None:
    """Delete the claim, and queue the job again unless other workers have claims."""
    Claim.objects.filter(id=work._pulse.claim_id).delete()
    if Claim.objects.filter(job=job).exists():
        queueing.note(job=job, waits=True, called_at=None, **changes)
    else:
        queueing.requeue(job=job, **changes)
