"""Pages to list, start, watch and cancel training runs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from codesign.jobs.pages import ProgressCard, progress_part
from codesign.shared.errors import Refusal
from codesign.shared.forms import explain
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.training import TrainingForm, named
from modelhub.models import TrainingRun
from modelhub.permissions import SEE_MODELS, TRAIN
from modelhub.queries import training as reading
from modelhub.rules.states import Method, TrainingState
from modelhub.rules.training_curves import curves_of
from modelhub.rules.words import LOSSES, SCORE_NAMES, SHARES, left_out_words
from modelhub.services import training, versions

GOING_ON = {TrainingState.QUEUED, TrainingState.PREPARING, TrainingState.TRAINING}


@page(SEE_MODELS)
@require_GET
def runs(request: StudyRequest, slug: str) -> HttpResponse:
    """List the runs of a study, newest first."""
    study = request.member.study
    listed = reading.with_progress(reading.runs_of(actor=request.actor, study=study))
    return render(
        request,
        "modelhub/training_runs.html",
        {
            "study": study,
            "runs": [(run, Method(run.method).label) for run in listed],
            "may_train": request.member.has_role(*TRAIN.roles),
        },
    )


@page(TRAIN)
@require_http_methods(["GET", "POST"])
def start(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and handle the form that starts a run."""
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
            requested = training.request_training(
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
            return redirect("modelhub:training-run", slug=slug, run_id=requested.id)
    return render(
        request,
        "modelhub/training_start.html",
        {"study": study, "form": form, "releases": releases, "same": same},
        status=400 if form.errors else 200,
    )


def _context(request: StudyRequest, run_id: uuid.UUID) -> dict[str, Any]:
    shown = reading.run_of(actor=request.actor, study=request.member.study, run_id=run_id)
    return {
        "study": request.member.study,
        "run": shown,
        "job": _card(request, shown),
        "curves": curves_of(shown.losses, shown.measurements),
        "numbers": named(shown.params),
        "validation": shown.metrics.get("validation"),
        "measured": "validation" in shown.metrics,
        "left_out": left_out_words(shown.metrics.get("left_out", {})),
        "scores": _scores(shown.metrics.get("validation")),
        "method": Method(shown.method).label,
        "lower": LOSSES[shown.method],
        "who": studies.name_of_actor(
            study_id=request.member.study_id, user_id=shown.requested_by_id
        ),
    }


def _card(request: StudyRequest, run: TrainingRun) -> ProgressCard:
    keys = {"slug": request.member.study.slug, "run_id": run.id}
    going_on, progress = run.state in GOING_ON, run.progress
    may_cancel = going_on and not progress.cancelling and request.member.has_role(*TRAIN.roles)
    state = str(TrainingState(run.state).label)
    return ProgressCard(
        title=_("Progress"),
        done=progress.done,
        total=progress.total,
        unit=_("steps"),
        state=_("stopping after the current step") if progress.cancelling else state,
        rate=progress.rate,
        left=progress.seconds_left,
        problem=progress.reason,
        poll_url=reverse("modelhub:training-progress", kwargs=keys) if going_on else "",
        cancel_url=reverse("modelhub:training-cancel", kwargs=keys) if may_cancel else "",
    )


def _scores(validation: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the names and formatted values of the validation scores."""
    scores = validation["scores"] if validation else {}
    return [
        (str(SCORE_NAMES[name]), f"{100 * value:.0f}%" if name in SHARES else f"{value:.3f}")
        for name, value in scores.items()
    ]


@page(SEE_MODELS)
@require_GET
def run(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Show a run: its progress, its loss curve and its result."""
    return render(request, "modelhub/training_run.html", _context(request, run_id))


@page(SEE_MODELS)
@require_GET
def progress(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Return the progress and the loss of a run, or reload its page when the run has ended."""
    context = _context(request, run_id)
    card = context.pop("job")
    template = "modelhub/_training_progress.html"
    return progress_part(request, card, template=template, **context)


@page(TRAIN)
@require_POST
def cancel(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Cancel a run: a queued run ends at once, a running one after its current step."""
    cancelled = reading.run_of(actor=request.actor, study=request.member.study, run_id=run_id)
    try:
        training.cancel(actor=request.actor, run=cancelled)
        messages.info(request, _("The run stops after its current step."))
    except Refusal as refusal:
        messages.warning(request, refusal.title)
    return redirect("modelhub:training-run", slug=slug, run_id=run_id)
