"""Offer the seats of a round when it opens, and stop offering them when it closes.

A round can have a million tasks. The first batch is processed immediately, so that a small round
needs no job and people can start on a large one. A job processes the rest in batches.

While a large round closes, seats in later batches can still be leased. They are judged and paid as
usual.

Here the round is locked before its job, because the caller has locked it.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from annotations.models import Round
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import offering as queries
from annotations.rules.states import RoundState
from annotations.services import seats
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about, lock_unfinished
from codesign.jobs.registry import Change, Kind, register
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import Actor
from codesign.studies.permissions import require

BATCH = 2_000
"""Tasks in one transaction: about a second, during which nobody can lease them."""


def follow(*, actor: Actor, round: Round) -> None:
    """Offer the seats of a round or stop offering them, by its state. The caller holds its lock.

    An unfinished job of an earlier change starts again.
    """
    total = queries.how_many_tasks(round=round)
    done, cursor = _next_batch(round, "")
    if job := lock_unfinished(kind=KIND.name, subject_id=round.id):
        if cursor:
            queueing.note(job=job, done=done, total=total, cursor=cursor, samples=[])
        else:
            queueing.end(job=job, to=JobState.CANCELLED, actor=actor)
    elif cursor:
        queueing.start(
            actor=actor,
            kind=KIND.name,
            subject_id=round.id,
            study_id=round.study_id,
            label=round.title,
            done=done,
            total=total,
            cursor=cursor,
        )


@transaction.atomic
def resume(*, actor: Actor, round: Round) -> None:
    """Continue after the job failed, by the round's present state."""
    require(actor, MANAGE_ROUNDS, round.study)
    Round.objects.select_for_update(no_key=True).get(id=round.id)
    queueing.resume(actor=actor, job=job_about(kind=KIND.name, subject_id=round.id))


def _resume_job(actor: Actor, job: Job) -> None:
    resume(actor=actor, round=Round.objects.select_related("study").get(id=job.subject_id))


def _next_batch(round: Round, cursor: str) -> tuple[int, str]:
    """Change the seats of the next tasks. Return (number of tasks, cursor of the rest or "")."""
    tasks, last = queries.next_tasks(round=round, after=cursor, most=BATCH)
    moved = seats.lock_tasks(tasks=tasks)
    if round.state == RoundState.OPEN:
        seats.offer_all(tasks=tasks)
    else:
        seats.offer_none_of(tasks=tasks)
    return moved, str(last or "")


def _run(work: Work) -> None:
    while _batch(work):
        work.check()


@transaction.atomic
def _batch(work: Work) -> bool:
    """Process the next batch. Return whether there are more.

    Locks the round, as opening, closing and filling do, so that its state does not change and no
    tasks are added.
    """
    round = Round.objects.select_for_update(no_key=True).get(id=work.job.subject_id)
    job = work.lock()
    moved, cursor = _next_batch(round, job.cursor)
    work.advance(done=job.done + moved, total=job.total, cursor=cursor)
    if not cursor:
        work.finish()
    return bool(cursor)


KIND = register(
    Kind(
        name=queries.JOB,
        task="annotations.tasks.move_seats",
        queue="exports",
        time_limit=3600,
        run=_run,
        words=_("opening or closing of a round"),
        unit=_("prompts processed"),
        permission=SEE_ROUNDS,
        resume=Change(MANAGE_ROUNDS, _resume_job),
        page="annotations:round",
    )
)
