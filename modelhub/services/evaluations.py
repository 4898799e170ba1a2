"""Evaluations: a blind comparison of parent and child on the held-out prompts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import groupby
from random import SystemRandom

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from modelhub.rules.states import ItemState, ModelKind, ModelState
from modelhub.services.generation import start_run

PLANNED = action("modelhub.evaluation_planned", gettext_lazy("planned a blind comparison"))

COMPARES = {Ask.RANKING, Ask.RATING}
"""Kinds of work that say which of two responses is better. A comparison needs one of them."""


@transaction.atomic
def plan_evaluation(*, actor: Actor, study: Study, child: ModelVersion) -> Evaluation:
    """Let parent and child answer every held-out prompt. Pairs of responses become tasks.

    Both models use the same settings, so that only their weights differ.
    """
    require(actor, EVALUATE, study)
    parent = child.parent
    ready = child.kind == ModelKind.ADAPTER and child.state == ModelState.READY
    if parent is None or not ready or child.study_id != study.id:
        raise Invalid(_("Only an adapter of this study can be compared with its parent."))
    lock_study(study_id=study.id)
    if Evaluation.objects.filter(study=study, child=child).exists():
        raise Conflict(_("This model already has a comparison with its parent."))
    prompts = list(held_out_prompts(study_id=study.id))
    if not prompts:
        raise Conflict(_("This study has no held-out prompts for comparisons."))
    last_round = last_judging_round(study_id=study.id)
    if last_round is None:
        raise Conflict(
            _("A comparison needs an earlier judging round, because it asks the same cohorts.")
        )
    round_ = _open_comparison(actor, last_round)
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
    """Return settings with a random seed and the system message of the child's training."""
    return Settings(
        samples=1,
        seed=SystemRandom().getrandbits(31),
        system_message=system_message_for(study=study, version=child),
    )


def _open_comparison(actor: Actor, last_round: Round) -> Round:
    """Open a round with the cohorts, asks and rubrics of the last judging round.

    Asks, rubric and pay are the same so that judging stays blind: people cannot notice that an
    assignment compares two models (decision 20). The round costs pay, so the audit trail names the
    actor.
    """
    plans = list(RoundCohort.objects.filter(round=last_round).select_related("cohort", "rubric"))
    for plan in plans:
        if not COMPARES & set(plan.asks):
            raise Conflict(
                _(
                    "A comparison needs a ranking or ratings, but the last round did not ask "
                    "%(cohort)s for either. Open a round that does, then try again."
                )
                % {"cohort": plan.cohort.title}
            )
    round_ = make_round(
        actor=actor,
        study=last_round.study,
        kind=RoundKind.EVALUATION,
        title="Comparison",
        cohorts=[
            CohortPlan(cohort=plan.cohort, rubric=plan.rubric, asks=plan.asks, overlap=plan.overlap)
            for plan in plans
        ],
        parent=last_round,
        permission=EVALUATE,
    )
    return open_round(actor=actor, round=round_, permission=EVALUATE)


@transaction.atomic
def place_ready(*, evaluation_id: uuid.UUID) -> None:
    """Make tasks of prompts that both models have answered, and count identical responses."""
    evaluation = (
        Evaluation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("round")
        .get(id=evaluation_id)
    )
    placed = set(Task.objects.filter(round=evaluation.round).values_list("prompt_id", flat=True))
    evaluation.identical = 0
    ready = []
    for from_parent, from_child in _answered_by_both(evaluation):
        if from_parent.text_hash == from_child.text_hash:
            evaluation.identical += 1
        elif from_parent.prompt_id not in placed:
            ready.append((from_parent.prompt, [from_parent, from_child]))
    if ready:
        add_tasks(actor=SYSTEM, round=evaluation.round, items=ready)
    evaluation.save(update_fields=["identical"])


def _answered_by_both(evaluation: Evaluation) -> Iterator[tuple[Response, Response]]:
    """Yield both models' responses of each prompt; withdrawn prompts and responses are left out."""
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
    for _prompt_id, of_prompt in groupby(items, key=lambda item: item.prompt_id):
        by_run = {item.run_id: item.response for item in of_prompt}
        from_parent = by_run.get(evaluation.parent_run_id)
        from_child = by_run.get(evaluation.child_run_id)
        if from_parent and from_child:
            yield from_parent, from_child
