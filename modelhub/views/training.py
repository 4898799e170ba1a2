"""Training pages: start a run, watch it, stop it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from codesign.shared.errors import Refusal
from codesign.shared.forms import explain
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.training import TrainingForm, named
from modelhub.permissions import SEE_MODELS, TRAIN
from modelhub.queries import training as reading
from modelhub.rules.charts import curve
from modelhub.rules.states import Method, TrainingState
from modelhub.rules.words import LOSSES, SCORE_NAMES, SHARES
from modelhub.services import training, versions

GOING_ON = {TrainingState.QUEUED, TrainingState.PREPARING, TrainingState.TRAINING}


@page(SEE_MODELS)
@require_GET
def runs(request: StudyRequest, slug: str) -> HttpResponse:
    """Every run of the study, newest first, and the way to a new one."""
    study = request.member.study
    found = list(reading.runs_of(actor=request.actor, study=study))
    reading.add_progress(found)
    return render(
        request,
        "modelhub/training_runs.html",
        {
            "study": study,
            "runs": [(run, Method(run.method).label) for run in found],
            "may_train": request.member.has_role(*TRAIN.roles),
        },
    )


@page(TRAIN)
@require_http_methods(["GET", "POST"])
def start(request: StudyRequest, slug: str) -> HttpResponse:
    """Choose a release, a model and the numbers."""
    study = request.member.study
    versions.ensure_embedded_model()
    releases = reading.trainable_releases(actor=request.actor, study=study)
    form = TrainingForm(
        request.POST or None,
        releases=releases,
        bases=reading.trainable_bases(actor=request.actor, study=study),
    )
    same = None
    if request.method == "POST" and form.is_valid():
        release, base = form.chosen()
        try:
            made = training.request_training(
                actor=request.actor,
                release=release,
                base=base,
                method=form.cleaned_data["method"],
                params=form.params(),
                seed=form.cleaned_data["seed"],
            )
        except Refusal as refusal:
            explain(form, refusal)
            same = refusal.extra.get("training_run")
        else:
            return redirect("modelhub:training-run", slug=slug, run_id=made.id)
    return render(
        request,
        "modelhub/training_start.html",
        {"study": study, "form": form, "releases": releases, "same": same},
        status=400 if form.errors else 200,
    )


def _context(request: StudyRequest, run_id: uuid.UUID) -> dict[str, object]:
    found = reading.run_of(actor=request.actor, study=request.member.study, run_id=run_id)
    going_on = found.state in GOING_ON
    return {
        "study": request.member.study,
        "run": found,
        "going_on": going_on,
        "may_cancel": going_on and request.member.has_role(*TRAIN.roles),
        "curve": curve([point["loss"] for point in found.losses]),
        "numbers": named(found.params),
        "validation": found.metrics.get("validation"),
        "measured": "validation" in found.metrics,
        "scores": _scores(found.metrics.get("validation")),
        "method": Method(found.method).label,
        "lower": LOSSES[found.method],
        "who": studies.name_of_actor(
            study_id=request.member.study_id, user_id=found.requested_by_id
        ),
    }


def _scores(validation: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What was measured, in words."""
    found = validation["scores"] if validation else {}
    return [
        (str(SCORE_NAMES[name]), f"{100 * value:.0f}%" if name in SHARES else f"{value:.3f}")
        for name, value in found.items()
    ]


@page(SEE_MODELS)
@require_GET
def run(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """One run: how far it is, its loss curve, what came out."""
    return render(request, "modelhub/training_run.html", _context(request, run_id))


@page(SEE_MODELS)
@require_GET
def progress(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes while it runs."""
    return render(request, "modelhub/_training_progress.html", _context(request, run_id))


@page(TRAIN)
@require_POST
def cancel(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Stop it: at once where it waits, at its next step where it runs."""
    found = reading.run_of(actor=request.actor, study=request.member.study, run_id=run_id)
    try:
        training.cancel(actor=request.actor, run=found)
        messages.info(request, "This run stops at its next step.")
    except Refusal as refusal:
        messages.warning(request, refusal.title)
    return redirect("modelhub:training-run", slug=slug, run_id=run_id)
