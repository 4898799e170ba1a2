"""Planning a round on the prompts that are there, and filling it in the background.

A round may hold a hundred thousand prompts: a request makes the plan, a job the tasks, batch by
batch.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from annotations.models import Prompt, Response, Round, RoundCohort, RoundFilling
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import filling as queries
from annotations.rules.drawing import MOST_REPLIES
from annotations.rules.states import RoundKind, Waiting
from annotations.rules.text_kinds import Category
from annotations.services.rounds import CohortPlan, Item, locked_round, make_round, place
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Kind, register
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.transition import Move
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require

MOVED = action("annotations.round_filling_moved", "filled a round with prompts, or stopped it")
BATCH = 500
"""Prompts looked at in one transaction: a second or so, the most that a dead worker costs."""
FILLING, FILLED = "filling", "filled"
"""What the audit trail calls the states of the job; a cancelled one has the job's word."""


@dataclass(frozen=True)
class Fill:
    """Which prompts a round starts with, and how many responses of each at most."""

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
    round_id: uuid.UUID | None = None,
) -> Round:
    """Make a round of judging, planned, and have it filled; without `fill` it stays empty.

    An empty one takes the prompts of a generation run, or of an import once it is open.
    `round_id` is the id that it gets: whoever sends the same plan twice, as by a double click,
    has planned one round.
    """
    require(actor, MANAGE_ROUNDS, study)
    lock_study(study_id=study.id)
    if round_id and (twin := Round.objects.filter(id=round_id).first()):
        if not _is_same(twin, study=study, title=title, cohorts=cohorts, fill=fill):
            raise Conflict(
                "This page has planned a round already. Open “Plan a round” again to plan another."
            )
        return twin
    made = make_round(
        actor=actor, study=study, kind=RoundKind.JUDGING, title=title, cohorts=cohorts, id=round_id
    )
    if fill is not None:
        _start(actor, made, fill)
    return made


def _is_same(
    round: Round, *, study: Study, title: str, cohorts: Sequence[CohortPlan], fill: Fill | None
) -> bool:
    """Whether a round was planned just so."""
    there = RoundFilling.objects.filter(round=round).first()
    filled, wished = (
        one and (one.which, one.responses, sorted(one.categories)) for one in (there, fill)
    )
    planned = {
        one.cohort_id: (one.rubric_id, sorted(one.asks), one.overlap) for one in round.cohorts.all()
    }
    asked = {one.cohort.id: (one.rubric.id, sorted(one.asks), one.overlap) for one in cohorts}
    return (round.study_id, round.title, planned, filled) == (study.id, title, asked, wished)


def _start(actor: Actor, round: Round, fill: Fill) -> None:
    if not 2 <= fill.responses <= MOST_REPLIES:
        sentence = f"From 2 to {MOST_REPLIES} replies can be compared."
        raise Invalid(sentence, {"responses": [sentence]})
    if not fill.categories:
        raise Invalid("Choose prompts.", {"categories": ["Choose at least one kind."]})
    total = queries.candidates(
        study_id=round.study_id, which=fill.which, categories=fill.categories
    ).count()
    if not total:
        sentence = "There are no such prompts in this study."
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
    """Stop filling a round; what is in it stays in it."""
    require(actor, MANAGE_ROUNDS, round.study)
    queueing.cancel(actor=actor, job=job_about(kind=KIND.name, subject_id=round.id))


def _run(work: Work) -> None:
    while _fill_batch(work):
        work.check()


@transaction.atomic
def _fill_batch(work: Work) -> bool:
    """Make tasks of the next prompts; whether there are more."""
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
    """Each prompt with its responses, no text twice; not those with fewer than two."""
    by_prompt: dict[uuid.UUID, dict[str, Response]] = {prompt.id: {} for prompt in prompts}
    there = Response.objects.in_use().filter(prompt__in=by_prompt)
    for response in there.order_by("-created_at", "-id"):
        by_prompt[response.prompt_id].setdefault(response.text_hash, response)
    return [(p, list(by_prompt[p.id].values())) for p in prompts if len(by_prompt[p.id]) > 1]


def _moved(move: Move) -> None:
    """Write in the audit trail how the filling ended; the log of the job has the rest."""
    states = {JobState.DONE: FILLED, JobState.CANCELLED: move.new, JobState.FAILED: move.new}
    if state := states.get(JobState(move.new)):
        filling = RoundFilling.objects.select_related("round").get(round=move.row.subject_id)
        data = {"from": FILLING, "to": state, "tasks": filling.placed}
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
        words=_("filling of a round"),
        unit=_("prompts looked at"),
        permission=SEE_ROUNDS,
        cancels_at_once=True,
        page="annotations:round",
    )
)
