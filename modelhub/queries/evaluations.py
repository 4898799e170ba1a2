"""Reading evaluations: what is compared, and how often the child was preferred."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from annotations.models import Judgement, Prompt, Round
from annotations.queries.progress import cost_of_a_prompt
from annotations.rules.states import USABLE, Ask, RoundState
from codesign.consent.queries import members_granting, signed_for
from codesign.consent.rules import Purpose
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require
from modelhub.models import Evaluation, GenerationItem, GenerationRun
from modelhub.permissions import SEE_MODELS
from modelhub.queries.generation import UNDER_WAY
from modelhub.queries.versions import named
from modelhub.rules.states import ItemState
from modelhub.rules.winrate import WinRate, win_rate


@dataclass(frozen=True)
class CohortResult:
    """What one cohort preferred; `examples` of its judgements were seeded, not given by people."""

    title: str
    rate: WinRate
    examples: int


@dataclass(frozen=True)
class EvaluationResult:
    """All of it, per cohort and never as one number."""

    cohorts: list[CohortResult]
    prompts: int
    compared: int
    left_out: int


def held_out_prompts(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Prompts that stand in evaluation rounds alone."""
    return Prompt.objects.for_comparisons().filter(study_id=study_id).order_by("id")


def last_judging_round(*, study_id: uuid.UUID) -> Round | None:
    """The round whose people are asked again."""
    return (
        Round.objects.judging()
        .filter(study_id=study_id)
        .exclude(state=RoundState.PLANNED)
        .order_by("-created_at")
        .first()
    )


def asked_by_a_comparison(*, study: Study) -> tuple[int, dict[str, int]]:
    """(judgements, currency → pay in minor units) that a comparison asks for at most.

    Each prompt on which both models write the same costs nothing, since nobody is shown it.
    """
    before = last_judging_round(study_id=study.id)
    if before is None:
        return 0, {}
    judgements, pay = cost_of_a_prompt(round=before)
    prompts = held_out_prompts(study_id=study.id).count()
    return prompts * judgements, {currency: prompts * minor for currency, minor in pay.items()}


def evaluations_of(*, actor: Actor, study: Study) -> QuerySet[Evaluation]:
    """Evaluations of a study, newest first."""
    require(actor, SEE_MODELS, study)
    return (
        Evaluation.objects.filter(study=study)
        .select_related("parent", "child", "round", "parent_run", "child_run")
        .order_by("-created_at")
    )


def evaluations_matching(*, actor: Actor, study: Study, asked: Asked) -> QuerySet[Evaluation]:
    """Those of a state or model, or since a moment, as far as these are given."""
    wanted = matching(asked, state="round__state", since="created_at__gte")
    if "model" in asked:
        models = named(actor=actor, wanted=asked["model"])
        wanted &= Q(parent__in=models) | Q(child__in=models)
    return evaluations_of(actor=actor, study=study).filter(wanted)


def evaluation_of(*, actor: Actor, study: Study, evaluation_id: uuid.UUID) -> Evaluation:
    """One evaluation of a study."""
    found = evaluations_of(actor=actor, study=study).filter(id=evaluation_id).first()
    if found is None:
        raise NotFound
    found.study = study
    return found


def evaluation_of_run(*, run_id: uuid.UUID) -> Evaluation | None:
    """The evaluation that a generation run writes for."""
    return (
        Evaluation.objects.filter(parent_run_id=run_id).first()
        or Evaluation.objects.filter(child_run_id=run_id).first()
    )


def result_of(*, actor: Actor, evaluation: Evaluation) -> EvaluationResult:
    """Win rate of the child per cohort, over people who agree to evaluation now (standards 2.8).

    “Both could do harm” prefers neither and counts as a tie. Who was not asked to rank is taken
    to prefer what they rated higher in all. Work whose pay is held or not cleared for use is left
    out.
    """
    require(actor, SEE_MODELS, evaluation.study)
    granting = members_granting(
        study_id=evaluation.study_id, purposes=[Purpose.TAKE_PART, Purpose.EVALUATION]
    )
    child_responses = set(
        GenerationItem.objects.filter(
            run_id=evaluation.child_run_id, state=ItemState.DONE
        ).values_list("response_id", flat=True)
    )
    judgements = list(
        Judgement.objects.filter(assignment__task__round_id=evaluation.round_id)
        .select_related("assignment", "member__cohort", "consent_record__withdrawal")
        .order_by("assignment_id")
    )
    counted = [
        judgement
        for judgement in judgements
        if judgement.member_id in granting
        and not _taken_back(judgement)
        and judgement.assignment.pay_check in USABLE
    ]
    tasks = evaluation.round.tasks.count()
    return EvaluationResult(
        cohorts=_by_cohort(counted, {str(r) for r in child_responses}),
        prompts=tasks + evaluation.identical,
        compared=len({judgement.assignment.prompt_id for judgement in counted}),
        left_out=len(judgements) - len(counted),
    )


def _taken_back(judgement: Judgement) -> bool:
    """Whether the signature it was made under was withdrawn: signing again does not revive it."""
    return hasattr(judgement.consent_record, "withdrawal")


def _by_cohort(judgements: Iterable[Judgement], child: set[str]) -> list[CohortResult]:
    scores: dict[str, dict[uuid.UUID, list[float]]] = defaultdict(lambda: defaultdict(list))
    examples: dict[str, int] = defaultdict(int)
    order: dict[str, int] = {}
    for judgement in judgements:
        cohort = judgement.member.cohort
        title = cohort.title if cohort else ""
        order[title] = cohort.position if cohort else 0
        scores[title][judgement.assignment.prompt_id].append(_score(judgement, child))
        examples[title] += judgement.example
    return [
        CohortResult(title=title, rate=win_rate(scores[title]), examples=examples[title])
        for title in sorted(scores, key=lambda t: order[t])
    ]


def _score(judgement: Judgement, child: set[str]) -> float:
    """1 where the child's response stands alone in front, 0 where the parent's does, else 0.5."""
    if Ask.RANKING not in judgement.assignment.asks:
        return _score_of_ratings(judgement, child)
    groups = judgement.ranking
    if judgement.all_harmful or not groups or len(groups) < 2:
        return 0.5
    return 1.0 if groups[0][0] in child else 0.0


def _score_of_ratings(judgement: Judgement, child: set[str]) -> float:
    """The same from the sum of each response's scores: both have one for every criterion."""
    lead = sum(
        one["score"] if one["response"] in child else -one["score"] for one in judgement.ratings
    )
    return 0.5 if not lead else float(lead > 0)


def writes_for(member: Member) -> bool:
    """Whether models are answering, just now, prompts that come to this person then."""
    runs = GenerationRun.objects.filter(study_id=member.study_id, state__in=UNDER_WAY)
    asked = Q(round__state=RoundState.OPEN, round__cohorts__cohort=member.cohort_id)
    if runs.filter(asked).exists():
        return True
    comparing = Evaluation.objects.filter(asked).filter(
        Q(parent_run__in=runs) | Q(child_run__in=runs)
    )
    tests = signed_for(member_id=member.id, purpose=Purpose.EVALUATION)
    return comparing.exists() and tests.exists()
