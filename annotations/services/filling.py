"""Planning a round on the prompts that are there, and filling it in the background.

A round may hold a hundred thousand prompts: a request makes the plan, a worker the tasks, batch by
batch. Whoever dies in between leaves the rest to the next ring.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from annotations.models import Prompt, Response, Round, RoundCohort, RoundFilling
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import filling as queries
from annotations.rules.drawing import MOST_REPLIES
from annotations.rules.states import FILLING_STATES, FillingState, RoundKind, Waiting
from annotations.rules.text_kinds import Category
from annotations.services.rounds import CohortPlan, Item, locked_round, make_round, place
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.jobs import enqueue
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require

MOVED = action("annotations.round_filling_moved", "filled a round with prompts, or stopped it")
FILL_TASK = "annotations.tasks.fill_round"
BATCH = 500
"""Prompts looked at in one transaction: a second or so, the most that a dead worker costs."""


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
    filling = RoundFilling(
        round=round,
        which=fill.which,
        categories=list(fill.categories),
        responses=fill.responses,
        total=queries.candidates(
            study_id=round.study_id, which=fill.which, categories=fill.categories
        ).count(),
    )
    if not filling.total:
        sentence = "There are no such prompts in this study."
        raise Invalid(sentence, {"which": [sentence]})
    filling.save()
    _tell(actor, filling, {"to": filling.state, "prompts": filling.total})
    enqueue(FILL_TASK, round.id)


@transaction.atomic
def cancel(*, actor: Actor, round: Round) -> RoundFilling:
    """Stop filling a round; what is in it stays in it."""
    require(actor, MANAGE_ROUNDS, round.study)
    filling = queries.locked().select_related("round").get(round=round)
    _move(actor, filling, FillingState.CANCELLED)
    return filling


def fill_round(*, round_id: uuid.UUID) -> None:
    """Fill a round to its end, unless somebody else is at it or stopped it."""
    while _fill_batch(round_id):
        pass


@transaction.atomic
def _fill_batch(round_id: uuid.UUID) -> bool:
    """Make tasks of the next prompts; whether there is more to do here."""
    waiting = queries.locked(skip=True).filter(round=round_id, state=FillingState.FILLING)
    if (filling := waiting.first()) is None:
        return False
    round = locked_round(round_id=round_id)
    filling.round = round
    filling.started_at = filling.started_at or timezone.now()
    prompts = list(queries.next_prompts(filling=filling)[:BATCH])
    if not prompts:
        filling.looked_at = filling.total
        _move(SYSTEM, filling, FillingState.FILLED)
        return False
    plans = list(RoundCohort.objects.filter(round=round))
    made = place(round=round, plans=plans, batch=_to_compare(prompts), most=filling.responses)
    filling.after = prompts[-1].id
    filling.looked_at = min(filling.looked_at + len(prompts), filling.total)
    filling.placed += len(made)
    filling.save()
    return True


def _to_compare(prompts: Sequence[Prompt]) -> list[Item]:
    """Each prompt with its responses, no text twice; not those with fewer than two."""
    by_prompt: dict[uuid.UUID, dict[str, Response]] = {prompt.id: {} for prompt in prompts}
    there = Response.objects.in_use().filter(prompt__in=by_prompt)
    for response in there.order_by("-created_at", "-id"):
        by_prompt[response.prompt_id].setdefault(response.text_hash, response)
    return [(p, list(by_prompt[p.id].values())) for p in prompts if len(by_prompt[p.id]) > 1]


def ring_waiting() -> int:
    """Ring for every round that is being filled; how many there are.

    Who holds a row is at it: a second worker that is rung sees the lock, and leaves.
    """
    waiting = list(queries.filling_now().values_list("round_id", flat=True))
    for round_id in waiting:
        enqueue(FILL_TASK, round_id)
    return len(waiting)


def _move(actor: Actor, filling: RoundFilling, state: FillingState) -> None:
    old, filling.state = filling.state, FILLING_STATES.check(filling.state, state)
    filling.save()
    _tell(actor, filling, {"from": old, "to": filling.state, "tasks": filling.placed})


def _tell(actor: Actor, filling: RoundFilling, data: dict[str, str | int]) -> None:
    audit.record(
        actor=actor,
        action=MOVED,
        study_id=filling.round.study_id,
        about=("round", filling.round_id, filling.round.title),
        data=data,
    )
