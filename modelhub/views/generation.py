"""Pages to list, start, watch, cancel and resume generation runs."""

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
from codesign.studies.models import Study
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.generation import BudgetForm, SelectionForm, StartRunForm, budget_as_initial
from modelhub.models import GenerationRun
from modelhub.permissions import RUN_GENERATION, SEE_GENERATION
from modelhub.queries import generation as queries
from modelhub.rules.generation import cost_of, from_micros
from modelhub.rules.selection import selection_from, selection_problems
from modelhub.rules.states import ModelKind
from modelhub.rules.words import run_state
from modelhub.services import generation, versions
from modelhub.services.serving import budget_of

RUNS_A_PAGE = 25
NOBODY = uuid.UUID(int=0)


@page(SEE_GENERATION)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the runs of a study, newest first."""
    runs = Paginator(queries.runs_of(study_id=request.member.study_id), RUNS_A_PAGE).get_page(
        request.GET.get("page")
    )
    names = studies.names_of_actors(
        study_id=request.member.study_id,
        user_ids={run.requested_by_id for run in runs if run.requested_by_id},
    )
    context = {
        "page": runs,
        "rows": [
            {
                "run": run,
                "state": run_state(run.state),
                "who": names.get(run.requested_by_id or NOBODY),
            }
            for run in runs
        ],
        "may_start": request.member.has_role(*RUN_GENERATION.roles),
    }
    return render(request, "modelhub/runs.html", context)


@page(RUN_GENERATION)
@never_cache
@require_http_methods(["GET", "POST"])
def start(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and handle the form that starts a run."""
    study = request.member.study
    versions.ensure_embedded_model()
    initial = {
        "system_message": queries.last_system_message(study_id=study.id),
        "round": queries.open_judging_round(study_id=study.id),
    }
    form = StartRunForm(request.POST or None, study=study, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            run, *others = generation.start_runs(
                actor=request.actor,
                study=study,
                versions=list(form.cleaned_data["model"]),
                settings=form.settings(),
                selection=form.selection(),
                round=form.cleaned_data["round"],
                budget=form.budget(),
                run_id=form.cleaned_data["key"],
            )
        except (Invalid, Conflict) as refusal:
            explain(form, refusal)
        else:
            if others:
                messages.success(request, _("The runs have started. You can leave this page."))
                return redirect("modelhub:runs", slug=slug)
            messages.success(request, _("The run has started. You can leave this page."))
            return redirect("modelhub:run", slug=slug, run_id=run.id)
    status = 400 if form.errors else 200
    context = {"form": form, **_count(study, form)}
    return render(request, "modelhub/run_start.html", context, status=status)


@page(RUN_GENERATION)
@never_cache
@require_POST
def count(request: StudyRequest, slug: str) -> HttpResponse:
    """Say how many prompts a form that is not sent yet has chosen."""
    study = request.member.study
    context = _count(study, StartRunForm(request.POST, study=study))
    return render(request, "modelhub/run_count.html", context)


def _count(study: Study, form: StartRunForm) -> dict[str, Any]:
    """Return the number of prompts that a form has chosen, or what is wrong with its choice."""
    if not form.is_bound:
        return {"chosen": queries.prompts_to_answer(study_id=study.id).count(), "wrong": []}
    form.is_valid()
    selection = form.selection()
    problems = form.errors | selection_problems(selection)
    wrong = [sentence for name in form.PROMPTS for sentence in problems.get(name, [])]
    versions = [version.id for version in form.cleaned_data.get("model", [])]
    prompts = queries.selected_prompts(study_id=study.id, selection=selection, versions=versions)
    return {"chosen": 0 if wrong else prompts.count(), "wrong": wrong}


@page(SEE_GENERATION)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Show the settings and the progress of a run."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    return render(request, "modelhub/run.html", _context(request, run))


@page(SEE_GENERATION)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Return the progress part of a run's page, or reload the page when the run has ended."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    return progress_part(request, _context(request, run)["job"])


@page(SEE_GENERATION)
@never_cache
@require_safe
def on_home(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Return the part of the home card that is refreshed until the run ends.

    `was` is the state on the page. The live region is only updated if the state has changed, so
    that screen readers do not repeat it.
    """
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    panel = queries.shown_on_home(run=run)
    context = {"panel": panel, "changed": request.GET.get("was") != panel["state"]}
    return render(request, "modelhub/_home_run_progress.html", context)


def _context(request: StudyRequest, run: GenerationRun) -> dict[str, Any]:
    progress = queries.how_far(run=run)
    keys = {"slug": request.member.study.slug, "run_id": run.id}
    unfinished = run.state in queries.UNDER_WAY
    may_run = request.member.has_role(*RUN_GENERATION.roles)
    tokens = run.tokens / run.done if run.done else 0  # per response
    job = ProgressCard(
        title=_("Progress"),
        done=progress.done,
        total=progress.total,
        unit=_("responses"),
        state=run_state(run.state, begun=bool(run.done)),
        rate=progress.rate and progress.rate * tokens,
        rate_unit=_("tokens"),
        left=progress.seconds_left,
        problem=progress.reason,
        poll_url=reverse("modelhub:run-progress", kwargs=keys) if unfinished else "",
        cancel_url=reverse("modelhub:run-cancel", kwargs=keys) if unfinished and may_run else "",
    )
    budget = budget_of(run=run)
    others = queries.others_of_group(run=run)
    selection = selection_from(run.selection)
    may_resume = may_run and run.state in queries.RESUMABLE
    cost = cost_of(read=run.tokens_read, written=run.tokens_written, budget=budget)
    return {
        "run": run,
        "job": job,
        "selection": [
            (form[name].label, getattr(selection, name))
            for form in [SelectionForm()]
            for name in run.selection
        ],
        "tasks": queries.tasks_of_group(run=run),
        "others": others,
        "stopped": queries.holding_up(group=[run, *others]),
        "may_run": may_run,
        "served": run.model_version.kind == ModelKind.SERVER,
        "cost": from_micros(cost) if budget.currency else None,
        "most_cost": from_micros(budget.most_micros),
        "may_resume": may_resume,
        "budget_form": BudgetForm(initial=budget_as_initial(budget)) if may_resume else None,
    }


@page(RUN_GENERATION)
@require_POST
def cancel(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Cancel a run. Written responses are kept."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    generation.cancel_run(actor=request.actor, run=run)
    messages.success(request, _("The run is cancelled. The responses that were written are kept."))
    return redirect("modelhub:run", slug=slug, run_id=run.id)


@page(RUN_GENERATION)
@require_POST
def resume(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Resume a cancelled or failed run, with another budget if one is sent."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    form = BudgetForm(request.POST)
    sent = any(name in request.POST for name in form.fields)
    if sent and not form.is_valid():
        messages.warning(request, _("The run was not resumed, because its budget is invalid."))
        return redirect("modelhub:run", slug=slug, run_id=run.id)
    budget = form.budget() if sent else None
    generation.resume_run(actor=request.actor, run=run, budget=budget)
    messages.success(request, _("The run is resumed."))
    return redirect("modelhub:run", slug=slug, run_id=run.id)


@page(RUN_GENERATION)
@require_POST
def without(request: StudyRequest, slug: str, run_id: uuid.UUID) -> HttpResponse:
    """Let the other models be compared without a run that has stopped."""
    run = queries.run_in(study_id=request.member.study_id, run_id=run_id)
    others = queries.others_of_group(run=run)
    generation.compare_without(actor=request.actor, run=run)
    messages.success(request, _("The other models are compared without this run."))
    return redirect("modelhub:run", slug=slug, run_id=others[0].id)
