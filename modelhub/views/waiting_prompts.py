"""The page on which a coordinator reads imported prompts before people are paid to judge them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.forms import words
from annotations.views.cover import covered_for
from codesign.shared.keyset import page_of
from codesign.studies.permissions import StudyRequest, page
from modelhub.permissions import LET_JUDGE
from modelhub.queries import waiting_prompts as queries
from modelhub.services import waiting_prompts

PROMPTS_A_PAGE = 50


@page(LET_JUDGE)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the waiting prompts with their replies, what they cost, and the button to add them."""
    waiting = queries.waiting_now(study_id=request.member.study_id)
    context: dict[str, Any] = {"waiting": waiting}
    if waiting:
        prompts = queries.to_judge(round=waiting.round)
        shown = page_of(prompts, by=["external_id"], asked=request.GET, size=PROMPTS_A_PAGE)
        covered = covered_for(request, shown)
        rows = [(prompt, words.INTENSITIES[prompt.intensity]) for prompt in shown]
        context |= {"page": shown, "covered": covered, "rows": rows}
    return render(request, "modelhub/waiting_prompts.html", context)


@page(LET_JUDGE)
@require_POST
def let_judge(request: StudyRequest, slug: str) -> HttpResponse:
    """Add the waiting prompts to the open round."""
    waiting_prompts.let_judge(actor=request.actor, study=request.member.study)
    messages.success(
        request, _("The prompts are being added to the round. People can judge them soon.")
    )
    return redirect("desk:study", slug=slug)
