"""The next round: parent and child on the held-out prompts, blind, to the same people."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import groupby
from random import SystemRandom

from django.db import transaction

from annotations.models import Response, Round, RoundCohort, Task
from annotations.models.querysets import in_use
from annotations.rules.states import Ask, RoundKind
from annotations.services.rounds import CohortPlan, add_tasks, make_round, open_round
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Evaluation, GenerationItem, ModelVersion
from modelhub.permissions import EVALUATE
from modelhub.queries.evaluations import held_out_prompts, last_judging_round
from modelhub.queries.training import system_message_for
from modelhub.rules.generation import Settings
from modelhub.rules.states import ItemState, ModelKind
from modelhub.services.generation import start_run

PLANNED = action("modelhub.evaluation_planned", "planned a blind comparison")

COMPARES = {Ask.RANKING, Ask.RATING}
"""What of the ordinary questions says which of two replies is better; one of them is needed."""


@transaction.atomic
def plan_evaluation(*, actor: Actor, study: Study, child: ModelVersion) -> Evaluation:
    """Let parent and child answer every held-out prompt; tasks open as pairs come in.

    Both answer with the same settings, so that they differ by their weights alone.
    """
    require(actor, EVALUATE, study)
    parent = child.parent
    if parent is None or child.kind != ModelKind.ADAPTER or child.study_id != study.id:
        raise Invalid("Only a model trained in this study can be compared with its parent.")
    lock_study(study_id=study.id)
    if Evaluation.objects.filter(study=study, child=child).exists():
        raise Conflict("This model is being compared with its parent already.")
    prompts = list(held_out_prompts(study_id=study.id))
    if not prompts:
        raise Conflict("This study has no held-out prompts to compare on.")
    before = last_judging_round(study_id=study.id)
    if before is None:
        raise Conflict("Nobody has been asked to judge here yet, so there is nobody to ask again.")
    round_ = _ask_again(actor, before)
    settings = _settings(study, child)
    runs = [
        start_run(actor=actor, study=study, version=version, prompts=prompts, settings=settings)
        for version in (parent, child)
    ]
    evaluation = Evaluation.objects.create(
        study=study,
        parent=parent,
        child=child,
        round=round_,
        parent_run=runs[0],
        child_run=runs[1],
        requested_by_id=actor.user_id,
    )
    audit.record(
        actor=actor,
        action=PLANNED,
        study_id=study.id,
        about=("evaluation", evaluation.id, child.name),
        data={"parent": str(parent.id), "child": str(child.id), "prompts": len(prompts)},
    )
    return evaluation


def _settings(study: Study, child: ModelVersion) -> Settings:
    """One seed for both, and the system message that the child was trained with."""
    return Settings(
        samples=1,
        seed=SystemRandom().getrandbits(31),
        system_message=system_message_for(study=study, version=child),
    )


def _ask_again(actor: Actor, before: Round) -> Round:
    """An open round that compares, for the people and with all that the round before asks.

    The same asks, rubric and so the same pay: nothing about a text may tell that it compares two
    models (decision 20). It spends pay, so the trail names who asked for it.
    """
    plans = list(RoundCohort.objects.filter(round=before).select_related("cohort", "rubric"))
    for plan in plans:
        if not COMPARES & set(plan.asks):
            raise Conflict(
                f"The last round asked {plan.cohort.title} for neither a ranking nor ratings, and a"
                " comparison needs one of them. Open a round that asks for it first."
            )
    made = make_round(
        actor=actor,
        study=before.study,
        kind=RoundKind.EVALUATION,
        title="Comparison",
        cohorts=[
            CohortPlan(cohort=plan.cohort, rubric=plan.rubric, asks=plan.asks, overlap=plan.overlap)
            for plan in plans
        ],
        parent=before,
        permission=EVALUATE,
    )
    return open_round(actor=actor, round=made, permission=EVALUATE)


@transaction.atomic
def place_ready(*, evaluation_id: uuid.UUID) -> None:
    """Make a task of each prompt that both models have answered; count identical answers apart."""
    evaluation = (
        Evaluation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("round")
        .get(id=evaluation_id)
    )
    placed = set(Task.objects.filter(round=evaluation.round).values_list("prompt_id", flat=True))
    evaluation.identical = 0
    ready = []
    for parents, childs in _answered_by_both(evaluation):
        if parents.text_hash == childs.text_hash:
            evaluation.identical += 1
        elif parents.prompt_id not in placed:
            ready.append((parents.prompt, [parents, childs]))
    if ready:
        add_tasks(actor=SYSTEM, round=evaluation.round, items=ready)
    evaluation.save(update_fields=["identical"])


def _answered_by_both(evaluation: Evaluation) -> Iterator[tuple[Response, Response]]:
    """(parent's, child's) response of each prompt that has both, none of it pulled since."""
    items = (
        GenerationItem.objects.filter(
            in_use("prompt"),
            in_use("response"),
            run__in=[evaluation.parent_run_id, evaluation.child_run_id],
            state=ItemState.DONE,
        )
        .select_related("response__prompt")
        .order_by("prompt_id")
    )
    for _, of_prompt in groupby(items, key=lambda item: item.prompt_id):
        by_run = {item.run_id: item.response for item in of_prompt}
        parents = by_run.get(evaluation.parent_run_id)
        childs = by_run.get(evaluation.child_run_id)
        if parents and childs:
            yield parents, childs
