"""Rounds of judging: planning, opening and closing one, how far each is; pausing them all."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.forms.rounds import CohortForm, RoundForm, plans_of
from annotations.forms.words import ASKS
from annotations.models import Round
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import filling as fillings
from annotations.queries import offering, progress
from annotations.rules.states import FillingState, RoundState
from annotations.services import filling, rounds
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.pages import Question, ask_first
from codesign.shared.templatetags.codesign import about
from codesign.studies import services as studies
from codesign.studies.permissions import RUN_STUDY, StudyRequest, page
from codesign.studies.queries import cohorts_of
from codesign.studies.rules import StudyState

ROUNDS_A_PAGE = 20


@page(SEE_ROUNDS)
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """Every round, newest first."""
    found = Paginator(progress.rounds_of(study_id=request.member.study_id), ROUNDS_A_PAGE)
    number = request.GET.get("page")
    manages = request.member.has_role(*MANAGE_ROUNDS.roles)
    seen = {"page": found.get_page(number), "manages": manages}
    return render(request, "annotations/rounds.html", seen)


@page(RUN_STUDY)
@never_cache
@require_http_methods(["GET", "POST"])
def pause(request: StudyRequest, slug: str) -> HttpResponse:
    """Ask, and pause the whole study: nobody is given anything new until it goes on."""
    study = request.member.study
    if request.method == "POST":
        studies.change_state(actor=request.actor, study=study, state=StudyState.PAUSED)
        messages.success(request, _("The study is paused."))
        return redirect("annotations:rounds", slug=slug)
    question = Question(
        heading=_("Pause this study?"),
        points=[
            _("Nobody is given a new text until the study goes on. People are told so, kindly."),
            _("What somebody has open can still be sent, and is paid."),
            _("Rounds, replies and everything that was sent stay as they are."),
        ],
        button=_("Pause the study"),
        back=reverse("annotations:rounds", kwargs={"slug": slug}),
    )
    return ask_first(request, question)


@page(RUN_STUDY)
@require_POST
def resume(request: StudyRequest, slug: str) -> HttpResponse:
    """Go on: open rounds give out texts again."""
    studies.change_state(actor=request.actor, study=request.member.study, state=StudyState.OPEN)
    messages.success(request, _("The study goes on."))
    return redirect("annotations:rounds", slug=slug)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def plan(request: StudyRequest, slug: str) -> HttpResponse:
    """Plan a round: which prompts, and what each cohort is asked; nobody is asked yet."""
    study = request.member.study
    before = progress.last_plans(study_id=study.id)
    form = RoundForm(request.POST or None)
    cohorts = [
        CohortForm(request.POST or None, cohort=cohort, before=before.get(cohort.id))
        for cohort in cohorts_of(study_id=study.id)
    ]
    valid = [one.is_valid() for one in (form, *cohorts)]  # each of them: all say what is wrong
    if all(valid):
        try:
            made = filling.plan_round(
                actor=request.actor,
                study=study,
                title=form.cleaned_data["title"],
                cohorts=plans_of(cohorts),
                fill=form.fill(),
                round_id=form.cleaned_data["key"],
            )
        except (Conflict, Invalid) as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("The round is planned. Nobody is asked until you open it."))
            return redirect("annotations:round", slug=slug, round_id=made.id)
    status = 400 if form.is_bound else 200
    seen = {"form": form, "cohorts": cohorts}
    return render(request, "annotations/round_plan.html", seen, status=status)


@page(SEE_ROUNDS)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """What a round asks of whom, and how far each cohort is."""
    found = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    manages = request.member.has_role(*MANAGE_ROUNDS.roles)
    seen = {
        "round": found,
        "parts": [
            {"part": part, "asks": [ASKS[ask] for ask in part.asks if ask in ASKS]}
            for part in progress.parts_of(round=found)
        ],
        "job": _job(request, found, manages=manages),
        "manages": manages,
    }
    return render(request, "annotations/round.html", seen)


@page(SEE_ROUNDS)
@never_cache
@require_safe
def filled(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """How far filling, opening or closing is; loads the page anew once it has ended."""
    found = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    manages = request.member.has_role(*MANAGE_ROUNDS.roles)
    if (job := _job(request, found, manages=manages)) and job["poll_url"]:
        return render(request, "components/job_progress.html", job)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _job(request: StudyRequest, found: Round, *, manages: bool) -> dict[str, Any] | None:
    """What goes on with a round as `components/job_progress` takes it; None where nothing does."""
    if getattr(found, "offering", None):
        return _following(request, found)
    if (job := getattr(found, "filling", None)) is None:
        return None
    keys = {"slug": request.member.study.slug, "round_id": found.id}
    goes_on = job.state == FillingState.FILLING
    rate, left = (goes_on and fillings.rate_and_left(job)) or (None, None)
    return {
        "id": "filling",
        "title": _("Prompts for this round"),
        "done": job.looked_at,
        "total": job.total,
        "unit": _("prompts looked at"),
        "state": _("being put in"),
        "rate": _("%(n)d a second") % {"n": rate} if rate else "",
        "left": about(left) if left else "",
        "poll_url": reverse("annotations:round-filled", kwargs=keys) if goes_on else "",
        "cancel_url": reverse("annotations:round-stop-filling", kwargs=keys)
        if goes_on and manages
        else "",
        "csrf_token": get_token(request),
        "stopped": job.state == FillingState.CANCELLED,
        "placed": job.placed,
        "left_out": job.looked_at - job.placed,
    }


def _following(request: StudyRequest, found: Round) -> dict[str, Any]:
    """How far the seats of a large round have followed its opening or closing."""
    job, opens = found.offering, found.state == RoundState.OPEN
    rate, left = offering.rate_and_left(job) or (None, None)
    return {
        "id": "offering",
        "title": _("Giving out its texts") if opens else _("Taking its texts back"),
        "done": job.looked_at,
        "total": job.total,
        "unit": _("prompts looked at"),
        "state": _("goes on"),
        "rate": _("%(n)d a second") % {"n": rate} if rate else "",
        "left": about(left) if left else "",
        "poll_url": reverse(
            "annotations:round-filled",
            kwargs={"slug": request.member.study.slug, "round_id": found.id},
        ),
        "csrf_token": get_token(request),
    }


@page(MANAGE_ROUNDS)
@require_POST
def stop_filling(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Put no more prompts in."""
    found = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    filling.cancel(actor=request.actor, round=found)
    messages.success(request, _("No more prompts are put in. Those that are in it stay."))
    return redirect("annotations:round", slug=slug, round_id=round_id)


@page(MANAGE_ROUNDS)
@require_POST
def open_one(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Give out its texts from now on."""
    found = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    rounds.open_round(actor=request.actor, round=found)
    messages.success(request, _("The round is open."))
    return redirect("annotations:round", slug=slug, round_id=round_id)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def close_one(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Ask, and close it: no more texts are given out of it."""
    found = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    back = reverse("annotations:round", kwargs={"slug": slug, "round_id": round_id})
    if request.method == "POST":
        rounds.close_round(actor=request.actor, round=found)
        messages.success(request, _("The round is closed."))
        return redirect(back)
    question = Question(
        heading=_("Close “%(title)s”?") % {"title": found.title},
        points=[
            _("Nobody is given a text out of it any more."),
            _("What somebody has open can still be sent, and is paid."),
            _("Everything that was sent stays. You can open the round again."),
        ],
        button=_("Close the round"),
        back=back,
    )
    return ask_first(request, question)
