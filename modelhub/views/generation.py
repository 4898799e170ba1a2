"""Generation runs: the list, starting one, how far one is, cancelling and resuming it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codesign.jobs.pages import ProgressCard, progress_part
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.generation import StartRunForm
from modelhub.models import GenerationRun
from modelhub.permissions import RUN_GENERATION, SEE_GENERATION
from modelhub.queries import generation as queries
from modelhub.rules.words import run_state
from modelhub.services import generation, versions

RUNS_A_PAGE = 25
NOBODY = uuid.UUID(int=0)


@page(SEE_GENERATION)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """Every run, newest first."""
    found = Paginator(queries.runs_of(study_id=request.member.study_id), RUNS_A_PAGE).get_page(
        request.GET.get("page")
    )
    who = studies.names_of_actors(
        study_id=request.member.study_id,
        user_ids={run.requested_by_id for run in found if run.requested_by_id},
    )
    seen = {
        "page": found,
        "rows": [
            {
                "run": run,
                "state": run_state(run.state),
                "who": who.get(run.requested_by_id or NOBODY),
            }
            for run in found
        ],
        "may_start": request.member.has_role(*RUN_GENERATION.roles),
    }
    return render(request, "modelhub/runs.html", seen)


@page(RUN_GENERATION)
@never_cache
@require_http_methods(["GET", "POST"])
def start(request: StudyRequest, slug: str) -> HttpResponse:
    """Choose model and settings; workers write."""
    study = request.member.study
    versions.ensure_embedded_model()
    initial = {
        "system_message": queries.last_system_message(study_id=study.id),
        "round": queries.open_judging_round(study_id=study.id),
    }
    form = StartRunForm(request.POST or None, study=study, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            run = generation.start_run(
                actor=request.actor,
                study=study,
                version=form.cleaned_data["model"],
                settings=form.settings(),
                round=form.cleaned_data["round"],
                run_id=form.cleaned_data["key"],
            )
        except (Invalid, Conflict) as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("The run has started. You can leave this page."))
            return redirect("modelhub:run", slug=slug, run_id=run.id)
    status = 400 if form.errors else 200
    return render(request, "modelhub/run_start.html", {"form": form}, status=status)


@page(SEE_GENERATION)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """What a run writes with, and how far it is."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    return render(request, "modelhub/run.html", _seen(request, run))


@page(SEE_GENERATION)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """How far a run is; loads the page anew once there is an end."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    return progress_part(request, _seen(request, run)["job"])


@page(SEE_GENERATION)
@never_cache
@require_safe
def on_home(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """The part of a home's card that changes while a run goes on; asks no more once it ended.

    `was` is where the run stood when the page asked: a new word is said aloud, the old one is
    not said again.
    """
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    panel = queries.shown_on_home(run=run)
    seen = {"panel": panel, "changed": request.GET.get("was") != panel["state"]}
    return render(request, "modelhub/_home_run_progress.html", seen)


def _seen(request: StudyRequest, run: GenerationRun) -> dict[str, Any]:
    progress = queries.how_far(run=run)
    keys = {"slug": request.member.study.slug, "run_id": run.id}
    goes_on = run.state in queries.UNDER_WAY
    may = request.member.has_role(*RUN_GENERATION.roles)
    tokens = run.tokens / run.done if run.done else 0  # of a response
    job = ProgressCard(
        title=_("How far it is"),
        done=progress.done,
        total=progress.total,
        unit=_("responses"),
        state=run_state(run.state, begun=bool(run.done)),
        rate=progress.rate and progress.rate * tokens,
        rate_unit=_("tokens"),
        left=progress.seconds_left,
        problem=progress.reason,
        poll_url=reverse("modelhub:run-progress", kwargs=keys) if goes_on else "",
        cancel_url=reverse("modelhub:run-cancel", kwargs=keys) if goes_on and may else "",
    )
    return {
        "run": run,
        "job": job,
        "tasks": run.tasks_made,
        "may_resume": may and run.state in queries.RESUMABLE,
    }


@page(RUN_GENERATION)
@require_POST
def cancel(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Stop a run; what is written stays."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    generation.cancel_run(actor=request.actor, run=run)
    messages.success(request, _("The run is cancelled. What was written stays."))
    return redirect("modelhub:run", slug=slug, run_id=run.id)


@page(RUN_GENERATION)
@require_POST
def resume(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Go on where it stopped."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    generation.resume_run(actor=request.actor, run=run)
    messages.success(request, _("The run goes on."))
    return redirect("modelhub:run", slug=slug, run_id=run.id)
