"""Rounds of judging: planning, opening and closing one, how far each is; pausing them all."""

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

from annotations.forms.rounds import CohortForm, RoundForm, plans_of
from annotations.models import Round
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import filling as filled_with
from annotations.queries import offering, progress
from annotations.rules.states import ON_PAGES, Ask, RoundState
from annotations.services import filling, rounds
from codesign.jobs.pages import ProgressCard, card_of, progress_part
from codesign.jobs.queries import job_of, unfinished_job
from codesign.jobs.rules import UNFINISHED, JobState
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.pages import Question, ask_first
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
            {"part": part, "asks": [ask.label for ask in map(Ask, part.asks) if ask in ON_PAGES]}
            for part in progress.parts_of(round=found)
        ],
        "job": _job(request, found, manages=manages),
        "put_in": _put_in(found),
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
    return progress_part(request, _job(request, found, manages=manages))


def _job(request: StudyRequest, found: Round, *, manages: bool) -> ProgressCard | None:
    """The job of a round that has not finished: its filling, or its opening or closing."""
    keys = {"slug": request.member.study.slug, "round_id": found.id}
    here, stop = reverse("annotations:round-filled", kwargs=keys), ""
    if job := unfinished_job(kind=offering.JOB, subject_id=found.id):
        opens = found.state == RoundState.OPEN
        title = _("Giving out its texts") if opens else _("Taking its texts back")
        return card_of(job, title=title, running=_("in progress"), poll_url=here)
    if job := unfinished_job(kind=filled_with.JOB, subject_id=found.id):
        title = _("Prompts for this round")
        stop = reverse("annotations:round-stop-filling", kwargs=keys) if manages else ""
        return card_of(job, title=title, running=_("being put in"), poll_url=here, cancel_url=stop)
    return None


def _put_in(found: Round) -> dict[str, Any] | None:
    """What came of putting prompts in; None where that was not done, or has not ended."""
    if getattr(found, "filling", None) is None:
        return None
    job = job_of(kind=filled_with.JOB, subject_id=found.id)
    if job is None or job.state in UNFINISHED:
        return None
    return {
        "stopped": job.state == JobState.CANCELLED,
        "problem": job.reason,
        "placed": found.filling.placed,
        "left_out": job.done - found.filling.placed,
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
