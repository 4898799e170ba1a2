"""Rounds of judging: how far each is; for the coordinator opening, closing, pausing them all."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.queries import progress
from annotations.services import rounds
from codesign.shared.pages import Question, ask_first
from codesign.studies import services as studies
from codesign.studies.permissions import RUN_STUDY, StudyRequest, page
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
@require_POST
def move(request: StudyRequest, slug: str, round_id: uuid.UUID) -> HttpResponse:
    """Open a round, or close it: then no more texts are given out of it."""
    found = progress.round_in(study_id=request.member.study_id, round_id=round_id)
    if request.POST.get("open") == "yes":
        rounds.open_round(actor=request.actor, round=found)
        messages.success(request, _("The round is open."))
    else:
        rounds.close_round(actor=request.actor, round=found)
        messages.success(request, _("The round is closed."))
    return redirect("annotations:rounds", slug=slug)
