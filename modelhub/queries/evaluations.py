"""Reads evaluations: what is compared, and the child's win rates."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from annotations.models import Judgement, Prompt, Round
from annotations.queries.progress import cost_of_a_prompt
from annotations.queries.rubrics import rubric_in
from annotations.rules.scales import UNSURE
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
    """The win rate of one cohort; `examples` is its number of simulated judgements."""

    title: str
    rate: WinRate
    examples: int


@dataclass(frozen=True)
class EvaluationResult:
    """The result by cohort. Cohorts are never merged into one number."""

    cohorts: list[CohortResult]
    prompts: int
    compared: int
    left_out: int


def held_out_prompts(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Return the prompts that are used in evaluation rounds only."""
    return Prompt.objects.for_comparisons().filter(study_id=study_id).order_by("id")


def last_judging_round(*, study_id: uuid.UUID) -> Round | None:
    """Return the last judging round that was opened. Its cohorts also judge comparisons."""
    return (
        Round.objects.judging()
        .filter(study_id=study_id)
        .exclude(state=RoundState.PLANNED)
        .order_by("-created_at")
        .first()
    )


def asked_by_a_comparison(*, study: Study) -> tuple[int, dict[str, int]]:
    """Return the most judgements of a comparison, and its pay in minor units by currency.

    The actual number is lower if both models write the same response to a prompt: that prompt is
    not judged.
    """
    last_round = last_judging_round(study_id=study.id)
    if last_round is None:
        return 0, {}
    judgements, pay = cost_of_a_prompt(round=last_round)
    prompts = held_out_prompts(study_id=study.id).count()
    return prompts * judgements, {currency: prompts * minor for currency, minor in pay.items()}


def evaluations_of(*, actor: Actor, study: Study) -> QuerySet[Evaluation]:
    """Return the evaluations of a study, newest first."""
    require(actor, SEE_MODELS, study)
    return (
        Evaluation.objects.filter(study=study)
        .select_related("parent", "child", "round", "parent_run", "child_run")
        .order_by("-created_at")
    )


def evaluations_matching(*, actor: Actor, study: Study, asked: Asked) -> QuerySet[Evaluation]:
    """Return the evaluations that match the given filters: state, model, since."""
    wanted = matching(asked, state="round__state", since="created_at__gte")
    if "model" in asked:
        models = named(actor=actor, wanted=asked["model"])
        wanted &= Q(parent__in=models) | Q(child__in=models)
    return evaluations_of(actor=actor, study=study).filter(wanted)


def evaluation_of(*, actor: Actor, study: Study, evaluation_id: uuid.UUID) -> Evaluation:
    """Return one evaluation of a study, or raise NotFound."""
    evaluation = evaluations_of(actor=actor, study=study).filter(id=evaluation_id).first()
    if evaluation is None:
        raise NotFound
    evaluation.study = study
    return evaluation


def evaluation_of_run(*, run_id: uuid.UUID) -> Evaluation | None:
    """Return the evaluation that a generation run belongs to, or None."""
    return (
        Evaluation.objects.filter(parent_run_id=run_id).first()
        or Evaluation.objects.filter(child_run_id=run_id).first()
    )


def result_of(*, actor: Actor, evaluation: Evaluation) -> EvaluationResult:
    """Return the child's win rate by cohort, of people who allow evaluation now (standards 2.8).

    “Both could do harm” counts as a tie. Where no ranking was asked, the response with the higher
    sum of ratings wins. Judgements whose pay is held, or that were not cleared for use, are left
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
        Judgement.objects.latest_revisions()
        .filter(assignment__task__round_id=evaluation.round_id)
        .select_related("assignment", "member__cohort", "consent_record__withdrawal")
        .order_by("assignment_id")
    )
    counted = [
        judgement
        for judgement in judgements
        if judgement.member_id in granting
        and not _is_withdrawn(judgement)
        and judgement.assignment.pay_check in USABLE
        and not _cannot_rank(judgement)
    ]
    tasks = evaluation.round.tasks.count()
    return EvaluationResult(
        cohorts=_by_cohort(counted, {str(r) for r in child_responses}),
        prompts=tasks + evaluation.identical,
        compared=len({judgement.assignment.prompt_id for judgement in counted}),
        left_out=len(judgements) - len(counted),
    )


def _is_withdrawn(judgement: Judgement) -> bool:
    """Return whether the consent of this judgement was withdrawn. A new consent does not count."""
    return hasattr(judgement.consent_record, "withdrawal")


def _cannot_rank(judgement: Judgement) -> bool:
    """Return whether the person said that the responses cannot be compared. That is no tie."""
    asked = Ask.RANKING in judgement.assignment.asks
    return asked and not judgement.ranking and not judgement.all_harmful


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
    """Return 1 if the child's response is ranked first, 0 if the parent's is, 0.5 for a tie."""
    if Ask.RANKING not in judgement.assignment.asks:
        return _score_of_ratings(judgement, child)
    groups = judgement.ranking
    if judgement.all_harmful or len(groups) < 2:
        return 0.5
    return 1.0 if groups[0][0] in child else 0.0


def _score_of_ratings(judgement: Judgement, child: set[str]) -> float:
    """Return the same from the sums of the scores, on criteria that have a better end.

    Points count as their sum. A criterion counts if both responses have a score on it: it may not
    have been asked about one of them, and “not sure” is no score.
    """
    weights = rubric_in(judgement.assignment.rubric_id, "").weights
    scores: dict[str, list[int]] = defaultdict(list)
    for rating in judgement.ratings:
        if rating["score"] != UNSURE:
            sign = 1 if rating["response"] in child else -1
            scores[rating["criterion"]].append(sign * rating["score"])
    lead = sum(weights[key] * sum(both) for key, both in scores.items() if len(both) == 2)
    return 0.5 if not lead else float(lead > 0)


def writes_for(member: Member) -> bool:
    """Return whether models are writing responses that this member will be asked to judge."""
    runs = GenerationRun.objects.filter(study_id=member.study_id, state__in=UNDER_WAY)
    asked = Q(round__state=RoundState.OPEN, round__cohorts__cohort=member.cohort_id)
    if runs.filter(asked).exists():
        return True
    comparing = Evaluation.objects.filter(asked).filter(
        Q(parent_run__in=runs) | Q(child_run__in=runs)
    )
    allows_evaluation = signed_for(member_id=member.id, purpose=Purpose.EVALUATION)
    return comparing.exists() and allows_evaluation.exists()
