"""Pages of a model with its lineage, and of the blind comparison with its parent."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from codesign.shared.errors import Refusal
from codesign.shared.money import format_money
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.training import named
from modelhub.models import GenerationRun, ModelVersion
from modelhub.permissions import EVALUATE, EXPORT, REGISTER_MODEL, SEE_MODELS
from modelhub.queries import evaluations as reading
from modelhub.queries import exports
from modelhub.queries.generation import UNDER_WAY, how_far
from modelhub.queries.training import model_of, releases_behind
from modelhub.rules.charts import Share, share
from modelhub.rules.states import Method, ModelKind, ModelState
from modelhub.rules.training import TRAINED, lineage_problem
from modelhub.rules.winrate import WinRate
from modelhub.rules.words import run_state
from modelhub.services import evaluations
from modelhub.views.model_cards import check_card, found


@page(SEE_MODELS)
@require_GET
def model(request: StudyRequest, slug: str, model_id: uuid.UUID) -> HttpResponse:
    """Show a model's lineage, and its comparisons or the button to start one."""
    study = request.member.study
    version = model_of(actor=request.actor, study=study, model_id=model_id)
    comparisons = reading.evaluations_of(actor=request.actor, study=study).filter(child=version)
    judgements, pay = reading.asked_by_a_comparison(study=study)
    problem = lineage_problem(releases=releases_behind(version))
    return render(
        request,
        "modelhub/model.html",
        {
            "study": study,
            "version": version,
            "kind": ModelKind(version.kind).label,
            "job": check_card(request, version),
            "found": found(version),
            "state": ModelState(version.state).label,
            "may_register": request.member.has_role(*REGISTER_MODEL.roles),
            "refused": version.state == ModelState.REFUSED,
            "evaluations": comparisons,
            "method": Method(version.training_run.method).label if version.training_run else "",
            "numbers": named(version.training_run.params) if version.training_run else [],
            "who": studies.name_of_actor(study_id=study.id, user_id=version.made_by_id),
            "problem": problem,
            "taken": bool(problem) and exports.has_exported(actor=request.actor, version=version),
            "gone": bool(problem) and exports.has_deleted(actor=request.actor, version=version),
            "judgements": judgements,
            "pay": " + ".join(format_money(minor, currency) for currency, minor in pay.items()),
            "may_compare": version.kind == ModelKind.ADAPTER
            and version.state == ModelState.READY
            and not problem
            and request.member.has_role(*EVALUATE.roles),
            "may_export": version.kind in TRAINED
            and not version.location
            and not problem
            and request.member.has_role(*EXPORT.roles),
        },
    )


@page(EVALUATE)
@require_POST
def compare(request: StudyRequest, slug: str, model_id: uuid.UUID) -> HttpResponse:
    """Start the blind comparison of a model with its parent."""
    study = request.member.study
    version = model_of(actor=request.actor, study=study, model_id=model_id)
    try:
        planned = evaluations.plan_evaluation(actor=request.actor, study=study, child=version)
    except Refusal as refusal:
        messages.warning(request, refusal.title)
        return redirect("modelhub:model", slug=slug, model_id=model_id)
    return redirect("modelhub:evaluation", slug=slug, evaluation_id=planned.id)


@page(SEE_MODELS)
@require_GET
def evaluation(request: StudyRequest, slug: str, evaluation_id: uuid.UUID) -> HttpResponse:
    """Show the win rate of each cohort with its interval, and the progress of both models."""
    study = request.member.study
    compared = reading.evaluation_of(actor=request.actor, study=study, evaluation_id=evaluation_id)
    result = reading.result_of(actor=request.actor, evaluation=compared)
    runs = (compared.parent_run, compared.child_run)
    return render(
        request,
        "modelhub/evaluation.html",
        {
            "study": study,
            "evaluation": compared,
            "result": result,
            "pictures": [(cohort, _picture(cohort.rate)) for cohort in result.cohorts],
            "answers": [
                _answers(compared.parent, compared.parent_run),
                _answers(compared.child, compared.child_run),
            ],
            "going_on": any(run.state in UNDER_WAY for run in runs),
        },
    )


def _picture(rate: WinRate) -> Share:
    """Return the chart of a win rate. Cohorts in a result have judgements, and so a rate."""
    return share(rate.rate or 0.0, rate.low or 0.0, rate.high or 0.0)


def _answers(version: ModelVersion, run: GenerationRun) -> dict[str, Any]:
    """Return the progress of one of the two models."""
    state = run_state(run.state, begun=bool(run.done))
    return {"version": version, "run": run, "state": state, "progress": how_far(run=run)}
