"""Pages of prompts, for coordinators: read prompts, withdraw a prompt or a response."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.forms import words
from annotations.permissions import SEE_GROUPS, WITHDRAW_TEXTS
from annotations.queries import prompts as queries
from annotations.queries.split_groups import SAME_TEXT, groups_of
from annotations.rules.split_groups import Why
from annotations.services import prompts
from annotations.views.cover import covered_for, opens
from codesign.shared.keyset import page_of
from codesign.shared.pages import Question, ask_first
from codesign.shared.visible import seen
from codesign.studies.permissions import StudyRequest, page

PROMPTS_A_PAGE = 50
GROUPS_A_PAGE = 20
REASONS = {
    SAME_TEXT: _lazy("the same text"),
    Why.BEGINNING: _lazy("the same beginning"),
    Why.NEAR: _lazy("nearly the same text"),
    Why.FAMILY: _lazy("one family"),
    Why.REPLY: _lazy("the same reply"),
}


@page(WITHDRAW_TEXTS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List all prompts by id, including withdrawn ones, starting at the id in `from`."""
    prompts = queries.with_replies(study_id=request.member.study_id)
    start = seen(request.GET.get("from", "").replace("\0", ""))
    if start:
        prompts = prompts.filter(external_id__gte=start)
    shown = page_of(prompts, by=["external_id"], asked=request.GET, size=PROMPTS_A_PAGE)
    context = {"page": shown, "start": start, "covered": covered_for(request, shown)}
    return render(request, "annotations/prompts.html", context)


@page(SEE_GROUPS)
@never_cache
@require_safe
def groups(request: StudyRequest, slug: str) -> HttpResponse:
    """List the split groups with their reasons, the largest groups first."""
    page = groups_of(
        actor=request.actor,
        study=request.member.study,
        asked=request.GET,
        size=GROUPS_A_PAGE,
    )
    rows = [(group, [str(REASONS[why]) for why in group.reasons]) for group in page]
    context = {
        "page": page,
        "rows": rows,
        "covered": covered_for(request, [prompt for group in page for prompt in group.shown]),
        "may_open": request.member.has_role(*WITHDRAW_TEXTS.roles),
    }
    return render(request, "annotations/prompt_groups.html", context)


@page(WITHDRAW_TEXTS)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, prompt_id: uuid.UUID) -> HttpResponse:
    """Show a prompt and its responses, or its content note first."""
    prompt = queries.prompt_in(study_id=request.member.study_id, prompt_id=prompt_id)
    context = {
        "prompt": prompt,
        "covered": not opens(request) and bool(covered_for(request, [prompt])),
        "intensity": words.INTENSITIES[prompt.intensity],
    }
    return render(request, "annotations/prompt.html", context)


@page(WITHDRAW_TEXTS)
@never_cache
@require_http_methods(["GET", "POST"])
def take_out(request: StudyRequest, slug: str, prompt_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation and withdraw a prompt."""
    prompt = queries.prompt_in(study_id=request.member.study_id, prompt_id=prompt_id)
    back = reverse("annotations:prompt", kwargs={"slug": slug, "prompt_id": prompt_id})
    if request.method == "POST":
        prompts.withdraw_prompt(actor=request.actor, prompt=prompt)
        messages.success(request, _("The prompt is withdrawn."))
        return redirect(back)
    question = Question(
        heading=_("Withdraw “%(name)s”?") % {"name": prompt.external_id},
        points=[
            _("Nobody gets this prompt any more. People who have it open get another text."),
            _("No model answers it any more, and no new dataset release contains it."),
            _("Judgements that were sent are kept and paid."),
            _("You cannot undo this."),
        ],
        button=_("Withdraw"),
        back=back,
    )
    return ask_first(request, question)


@page(WITHDRAW_TEXTS)
@never_cache
@require_http_methods(["GET", "POST"])
def take_reply_out(request: StudyRequest, slug: str, response_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation and withdraw a response."""
    response = queries.response_in(study_id=request.member.study_id, response_id=response_id)
    back = reverse("annotations:prompt", kwargs={"slug": slug, "prompt_id": response.prompt_id})
    if request.method == "POST":
        prompts.withdraw_response(actor=request.actor, response=response)
        messages.success(request, _("The reply is withdrawn."))
        return redirect(back)
    question = Question(
        heading=_("Withdraw this reply to “%(name)s”?") % {"name": response.prompt.external_id},
        points=[
            _("Nobody sees this reply any more. Tasks that show it end too."),
            _("No new dataset release contains it."),
            _("Judgements that were sent are kept and paid."),
            _("You cannot undo this."),
        ],
        button=_("Withdraw"),
        back=back,
    )
    return ask_first(request, question)
