"""Pages of rounds: list, plan, progress, open and close; and pausing the study."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.forms.rounds import CohortForm, RoundForm, cohort_forms, plans_of
from annotations.models import Round
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import filling as filled_with
from annotations.queries import offering, progress, round_costs, special_items
from annotations.queries.round_costs import RoundCost
from annotations.rules.states import WITH_ANSWERS, Ask, RoundState
from annotations.services import filling, rounds
from codesign.jobs.pages import ProgressCard, card_of, progress_part
from codesign.jobs.queries import job_of, unfinished_job
from codesign.jobs.rules import UNFINISHED, JobState
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.money import format_money
from codesign.shared.pages import Question, ask_first
from codesign.studies import services as studies
from codesign.studies.permissions import RUN_STUDY, StudyRequest, page
from codesign.studies.queries import cohorts_of
from codesign.studies.rules import StudyState

ROUNDS_A_PAGE = 20


@page(SEE_ROUNDS)
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List all rounds, newest first."""
    rounds_by_page = Paginator(progress.rounds_of(study_id=request.member.study_id), ROUNDS_A_PAGE)
    number = request.GET.get("page")
    manages = request.member.has_role(*MANAGE_ROUNDS.roles)
    context = {"page": rounds_by_page.get_page(number), "manages": manages}
    return render(request, "annotations/rounds.html", context)


@page(RUN_STUDY)
@never_cache
@require_http_methods(["GET", "POST"])
def pause(request: StudyRequest, slug: str) -> HttpResponse:
    """Ask for confirmation and pause the study, so that nobody gets new tasks until it resumes."""
    study = request.member.study
    if request.method == "POST":
        studies.change_state(actor=request.actor, study=study, state=StudyState.PAUSED)
        messages.success(request, _("The study is paused."))
        return redirect("annotations:rounds", slug=slug)
    question = Question(
        heading=_("Pause this study?"),
        points=[
            _("Nobody gets new texts until you resume the study. Their pages explain this."),
            _("People can still send the texts that they have open. They are paid."),
            _("Rounds, replies and judgements do not change."),
        ],
        button=_("Pause the study"),
        back=reverse("annotations:rounds", kwargs={"slug": slug}),
    )
    return ask_first(request, question)


@page(RUN_STUDY)
@require_POST
def resume(request: StudyRequest, slug: str) -> HttpResponse:
    """Resume the study: open rounds give tasks again."""
    studies.change_state(actor=request.actor, study=request.member.study, state=StudyState.OPEN)
    messages.success(request, _("The study is open again."))
    return redirect("annotations:rounds", slug=slug)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def plan(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the form to plan a round: its prompts, and what each cohort is asked."""
    study = request.member.study
    form = RoundForm(request.POST or None)
    cohorts = cohort_forms(
        CohortForm,
        request.POST or None,
        cohorts=cohorts_of(study_id=study.id),
        before=progress.last_plans(study_id=study.id),
    )
    valid = [one.is_valid() for one in (form, *cohorts)]  # all of them, to show all errors
    if all(valid):
        try:
            made = filling.plan_round(
                actor=request.actor,
                study=study,
                title=form.cleaned_data["title"],
                cohorts=plans_of(cohorts),
                fill=form.fill(),
                check_every=form.check_every(),
                round_id=form.cleaned_data["key"],
            )
        except (Conflict, Invalid) as refusal:
            explain(form, refusal)
        else:
            messages.success(
                request, _("The round is planned. Nobody gets tasks until you open it.")
            )
            return redirect("annotations:round", slug=slug, round_id=made.id)
    status = 400 if form.is_bound else 200
    context = {"form": form, "cohorts": cohorts}
    return render(request, "annotations/round_plan.html", context, status=status)


@page(SEE_ROUNDS)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Show a round: what each cohort is asked, and the progress."""
    round = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    manages = request.member.has_role(*MANAGE_ROUNDS.roles)
    parts, put_in = progress.parts_of(round=round), _filling_result(round)
    context = {
        "round": round,
        "parts": [
            {"part": part, "asks": [ask.label for ask in map(Ask, part.asks)]} for part in parts
        ],
        "job": _job(request, round, manages=manages),
        "put_in": put_in,
        "nothing_in": put_in is not None and not any(part.total for part in parts),
        "manages": manages,
        "items": special_items.items_of(round=round) if round.kind in WITH_ANSWERS else (),
        "cost": None if round.state == RoundState.OPEN else round_costs.cost_of(round=round),
        "consistency": special_items.consistency_of(round=round),
    }
    return render(request, "annotations/round.html", context)


@page(SEE_ROUNDS)
@never_cache
@require_safe
def filled(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Return the progress of filling, opening or closing. The page reloads when it has ended."""
    round = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    manages = request.member.has_role(*MANAGE_ROUNDS.roles)
    return progress_part(request, _job(request, round, manages=manages))


def _job(request: StudyRequest, round: Round, *, manages: bool) -> ProgressCard | None:
    """Return the progress card of an unfinished job of a round, or None."""
    keys = {"slug": request.member.study.slug, "round_id": round.id}
    here, stop = reverse("annotations:round-filled", kwargs=keys), ""
    if job := unfinished_job(kind=offering.JOB, subject_id=round.id):
        opens = round.state == RoundState.OPEN
        title = _("Opening the round") if opens else _("Closing the round")
        return card_of(job, title=title, running=_("in progress"), poll_url=here)
    if job := unfinished_job(kind=filled_with.JOB, subject_id=round.id):
        title = _("Prompts for this round")
        stop = reverse("annotations:round-stop-filling", kwargs=keys) if manages else ""
        return card_of(
            job, title=title, running=_("adding prompts"), poll_url=here, cancel_url=stop
        )
    return None


def _filling_result(round: Round) -> dict[str, Any] | None:
    """Return the result of filling a round; None if it was not filled or is not finished."""
    if getattr(round, "filling", None) is None:
        return None
    job = job_of(kind=filled_with.JOB, subject_id=round.id)
    if job is None or job.state in UNFINISHED:
        return None
    return {
        "stopped": job.state == JobState.CANCELLED,
        "problem": job.reason,
        "placed": round.filling.placed,
        "left_out": job.done - round.filling.placed,
    }


@page(MANAGE_ROUNDS)
@require_POST
def stop_filling(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Stop filling a round."""
    round = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    filling.cancel(actor=request.actor, round=round)
    messages.success(request, _("No more prompts are added. Prompts in the round stay."))
    return redirect("annotations:round", slug=slug, round_id=round_id)


@page(MANAGE_ROUNDS)
@require_POST
def open_one(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Open a round. If it costs much, ask first: the form then carries the sum that was seen."""
    round = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    cost = round_costs.cost_of(round=round)
    if cost.is_large and not cost.not_covered and request.POST.get("agreed") != cost.key:
        return ask_first(request, _about_cost(request, round, cost), _agreed(cost))
    rounds.open_round(actor=request.actor, round=round)
    messages.success(request, _("The round is open."))
    return redirect("annotations:round", slug=slug, round_id=round_id)


def _about_cost(request: StudyRequest, round: Round, cost: RoundCost) -> Question:
    """Return the question that says the sum of a round, and what it consists of."""
    sums = [format_money(minor, code) for code, minor in cost.totals.items()]
    points = [
        _("%(cohort)s: %(n)s judgements at %(price)s each, which is %(sum)s.")
        % {
            "cohort": one.title,
            "n": number_format(line.judgements, force_grouping=True),
            "price": format_money(line.price_minor, one.currency),
            "sum": format_money(line.cost_minor, one.currency),
        }
        for one in cost.cohorts
        for line in one.lines
    ]
    points += [
        _("%(left)s is left of the budget. After this round it is %(after)s.")
        % {
            "left": format_money(funds.left, code),
            "after": format_money(funds.left - minor, code),
        }
        for code, minor, funds in cost.in_budgets
        if funds
    ] or [_("The study has no budget, so nothing limits what it spends.")]
    return Question(
        heading=_("Open “%(title)s” and spend up to %(sum)s?")
        % {"title": round.title, "sum": ", ".join(sums)},
        points=points,
        button=_("Open the round"),
        back=reverse(
            "annotations:round", kwargs={"slug": request.member.study.slug, "round_id": round.id}
        ),
    )


def _agreed(cost: RoundCost) -> forms.Form:
    """Return a form that only carries the sums which the page shows."""
    form = forms.Form()
    form.fields["agreed"] = forms.CharField(widget=forms.HiddenInput, initial=cost.key)
    return form


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def close_one(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation and close a round."""
    round = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    back = reverse("annotations:round", kwargs={"slug": slug, "round_id": round_id})
    if request.method == "POST":
        rounds.close_round(actor=request.actor, round=round)
        messages.success(request, _("The round is closed."))
        return redirect(back)
    question = Question(
        heading=_("Close “%(title)s”?") % {"title": round.title},
        points=[
            _("Nobody gets new texts from this round."),
            _("People can still send the texts that they have open. They are paid."),
            _("Judgements are kept. You can open the round again."),
        ],
        button=_("Close the round"),
        back=back,
    )
    return ask_first(request, question)
