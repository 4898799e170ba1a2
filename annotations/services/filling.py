"""Plan a round on existing prompts, and fill it in the background.

A round can have a hundred thousand prompts, so the request only stores the plan, and a job creates
the tasks in batches.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Prompt, Response, Round, RoundCohort, RoundFilling
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import filling as queries
from annotations.rules.drawing import MOST_REPLIES
from annotations.rules.states import RoundKind, Waiting
from annotations.rules.text_kinds import Category
from annotations.services.rounds import (
    CohortPlan,
    Item,
    items_to_compare,
    locked_round,
    make_round,
    place,
)
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Change, Kind, register
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.transition import Move
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require

MOVED = action(
    "annotations.round_filling_moved", gettext_lazy("started, finished or stopped filling a round")
)
BATCH = 500
"""Prompts in one transaction: about a second of work, the most that a dead worker loses."""
FILLING, FILLED = "filling", "filled"
"""Names of job states in the audit trail. Other states keep the name that they have in the job."""


@dataclass(frozen=True)
class Fill:
    """Which prompts a round starts with, and the most responses for each."""

    which: Waiting
    categories: Sequence[Category]
    responses: int = 2


@transaction.atomic
def plan_round(
    *,
    actor: Actor,
    study: Study,
    title: str,
    cohorts: Sequence[CohortPlan],
    fill: Fill | None,
    check_every: int | None = None,
    round_id: uuid.UUID | None = None,
) -> Round:
    """Create a planned judging round and start to fill it; without `fill` it stays empty.

    A generation run, or an import once the round is open, can add prompts to an empty round.
    `round_id` is the id of the new round, so that a repeated request (a double click) creates one
    round.
    """
    require(actor, MANAGE_ROUNDS, study)
    lock_study(study_id=study.id)
    if round_id and (existing := Round.objects.filter(id=round_id).first()):
        same = _is_same(existing, study=study, title=title, cohorts=cohorts, fill=fill)
        if not same or existing.check_every != check_every:
            raise Conflict(
                _(
                    "This page has already planned a round. Open “Plan a round” again to plan"
                    " another."
                )
            )
        return existing
    round = make_round(
        actor=actor,
        study=study,
        kind=RoundKind.JUDGING,
        title=title,
        cohorts=cohorts,
        id=round_id,
        check_every=check_every,
    )
    if fill is not None:
        _start(actor, round, fill)
    return round


def _is_same(
    round: Round, *, study: Study, title: str, cohorts: Sequence[CohortPlan], fill: Fill | None
) -> bool:
    """Return whether a round has exactly this plan."""
    stored = RoundFilling.objects.filter(round=round).first()
    filled, requested = (
        one and (one.which, one.responses, sorted(one.categories)) for one in (stored, fill)
    )
    planned = {
        one.cohort_id: (one.rubric_id, sorted(one.asks), one.overlap) for one in round.cohorts.all()
    }
    asked = {one.cohort.id: (one.rubric.id, sorted(one.asks), one.overlap) for one in cohorts}
    return (round.study_id, round.title, planned, filled) == (study.id, title, asked, requested)


def _start(actor: Actor, round: Round, fill: Fill) -> None:
    if not 2 <= fill.responses <= MOST_REPLIES:
        sentence = _("Choose from 2 to %(most)d replies.") % {"most": MOST_REPLIES}
        raise Invalid(sentence, {"responses": [sentence]})
    if not fill.categories:
        raise Invalid(_("Choose prompts."), {"categories": [_("Choose at least one category.")]})
    total = queries.candidates(
        study_id=round.study_id, which=fill.which, categories=fill.categories
    ).count()
    if not total:
        sentence = _("This study has no such prompts.")
        raise Invalid(sentence, {"which": [sentence]})
    RoundFilling.objects.create(
        round=round,
        which=fill.which,
        categories=list(fill.categories),
        responses=fill.responses,
    )
    _tell(actor, round, {"to": FILLING, "prompts": total})
    queueing.start(
        actor=actor,
        kind=KIND.name,
        subject_id=round.id,
        study_id=round.study_id,
        label=round.title,
        total=total,
    )


def cancel(*, actor: Actor, round: Round) -> None:
    """Stop filling a round. The tasks in it stay."""
    require(actor, MANAGE_ROUNDS, round.study)
    queueing.cancel(actor=actor, job=job_about(kind=KIND.name, subject_id=round.id))


@transaction.atomic
def resume(*, actor: Actor, round: Round) -> None:
    """Continue to fill a round, after the job failed or was cancelled."""
    require(actor, MANAGE_ROUNDS, round.study)
    ended = job_about(kind=KIND.name, subject_id=round.id)
    queueing.resume(actor=actor, job=ended)
    _tell(actor, round, {"from": ended.state, "to": FILLING, "tasks": round.filling.placed})


def _round_of(job: Job) -> Round:
    return Round.objects.select_related("study", "filling").get(id=job.subject_id)


def _run(work: Work) -> None:
    while _fill_batch(work):
        work.check()


@transaction.atomic
def _fill_batch(work: Work) -> bool:
    """Create tasks for the next prompts. Return whether there are more."""
    job = work.lock()
    round = locked_round(round_id=job.subject_id)
    filling = RoundFilling.objects.get(round=round)
    prompts = list(queries.next_prompts(filling=filling, after=job.cursor)[:BATCH])
    if not prompts:
        work.finish()
        return False
    plans = list(RoundCohort.objects.filter(round=round))
    made = place(round=round, plans=plans, batch=_to_compare(prompts), most=filling.responses)
    filling.placed += len(made)
    filling.save(update_fields=["placed"])
    done = min(job.done + len(prompts), job.total)
    work.advance(done=done, total=job.total, cursor=str(prompts[-1].id))
    return True


def _to_compare(prompts: Sequence[Prompt]) -> list[Item]:
    """Return prompts with their responses, without duplicates; only prompts with at least two."""
    responses = Response.objects.in_use().filter(prompt__in=prompts)
    newest = responses.order_by("-created_at", "-id")
    return items_to_compare(prompts=prompts, responses=newest)


def _moved(move: Move) -> None:
    """Record the end of the filling in the audit trail. The log of the job has the rest."""
    states = {JobState.DONE: FILLED, JobState.CANCELLED: move.new, JobState.FAILED: move.new}
    if state := states.get(JobState(move.new)):
        filling = RoundFilling.objects.select_related("round").get(round=move.row.subject_id)
        data: dict[str, str | int] = {"from": FILLING, "to": state, "tasks": filling.placed}
        _tell(move.actor, filling.round, data)


def _tell(actor: Actor, round: Round, data: dict[str, str | int]) -> None:
    audit.record(
        actor=actor,
        action=MOVED,
        study_id=round.study_id,
        about=("round", round.id, round.title),
        data=data,
    )


KIND = register(
    Kind(
        name=queries.JOB,
        task="annotations.tasks.fill_round",
        queue="exports",
        time_limit=3600,
        run=_run,
        moved=_moved,
        words=gettext_lazy("filling of a round"),
        unit=gettext_lazy("prompts processed"),
        permission=SEE_ROUNDS,
        cancels_at_once=True,
        cancel=Change(MANAGE_ROUNDS, lambda actor, job: cancel(actor=actor, round=_round_of(job))),
        resume=Change(MANAGE_ROUNDS, lambda actor, job: resume(actor=actor, round=_round_of(job))),
        page="annotations:round",
    )
)
