"""Rounds of judging, for the coordinator: how far each is, opening and closing."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import progress
from annotations.services import rounds
from codesign.studies.permissions import StudyRequest, page

ROUNDS_A_PAGE = 20


@page(MANAGE_ROUNDS)
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """Every round, newest first."""
    found = Paginator(progress.rounds_of(study_id=request.member.study_id), ROUNDS_A_PAGE)
    number = request.GET.get("page")
    return render(request, "annotations/rounds.html", {"page": found.get_page(number)})


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
