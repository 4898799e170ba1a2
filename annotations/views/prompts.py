"""The prompts of a study, for its coordinator: reading them, taking one or a reply out."""

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

from annotations.permissions import PULL, SEE_GROUPS
from annotations.queries import prompts as queries
from annotations.queries.split_groups import SAME_TEXT, groups_of
from annotations.rules.split_groups import Why
from annotations.services import prompts
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


@page(PULL)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """Every prompt by its id, those taken out too; `from` begins at an id, or where it would be."""
    prompts = queries.with_replies(study_id=request.member.study_id)
    start = seen(request.GET.get("from", "").replace("\0", ""))
    if start:
        prompts = prompts.filter(external_id__gte=start)
    found = page_of(prompts, by=["external_id"], asked=request.GET, size=PROMPTS_A_PAGE)
    return render(request, "annotations/prompts.html", {"page": found, "start": start})


@page(SEE_GROUPS)
@never_cache
@require_safe
def groups(request: StudyRequest, slug: str) -> HttpResponse:
    """Prompts that are tied to each other, the largest groups first, and why."""
    found = groups_of(
        actor=request.actor,
        study=request.member.study,
        asked=request.GET,
        size=GROUPS_A_PAGE,
    )
    rows = [(group, [str(REASONS[why]) for why in group.reasons]) for group in found]
    seen = {"page": found, "rows": rows, "may_open": request.member.has_role(*PULL.roles)}
    return render(request, "annotations/prompt_groups.html", seen)


@page(PULL)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, prompt_id: uuid.UUID) -> HttpResponse:
    """A prompt and the replies to it."""
    found = queries.prompt_in(study_id=request.member.study_id, prompt_id=prompt_id)
    return render(request, "annotations/prompt.html", {"prompt": found})


@page(PULL)
@never_cache
@require_http_methods(["GET", "POST"])
def take_out(request: StudyRequest, slug: str, prompt_id: uuid.UUID) -> HttpResponse:
    """Ask, and take a prompt out of the study."""
    found = queries.prompt_in(study_id=request.member.study_id, prompt_id=prompt_id)
    back = reverse("annotations:prompt", kwargs={"slug": slug, "prompt_id": prompt_id})
    if request.method == "POST":
        prompts.pull_prompt(actor=request.actor, prompt=found)
        messages.success(request, _("The prompt was taken out of the study."))
        return redirect(back)
    question = Question(
        heading=_("Take “%(name)s” out of the study?") % {"name": found.external_id},
        points=[
            _("Nobody is given it any more. Who has it open gets another text instead."),
            _("No model answers it any more, and no new dataset release holds it."),
            _("What was sent about it stays sent and paid."),
            _("It cannot be put back."),
        ],
        button=_("Take it out"),
        back=back,
    )
    return ask_first(request, question)


@page(PULL)
@never_cache
@require_http_methods(["GET", "POST"])
def take_reply_out(request: StudyRequest, slug: str, response_id: uuid.UUID) -> HttpResponse:
    """Ask, and take one reply out of the study."""
    found = queries.response_in(study_id=request.member.study_id, response_id=response_id)
    back = reverse("annotations:prompt", kwargs={"slug": slug, "prompt_id": found.prompt_id})
    if request.method == "POST":
        prompts.pull_response(actor=request.actor, response=found)
        messages.success(request, _("The reply was taken out of the study."))
        return redirect(back)
    question = Question(
        heading=_("Take this reply to “%(name)s” out of the study?")
        % {"name": found.prompt.external_id},
        points=[
            _("Nobody is shown it any more. Texts that show it beside others end with it."),
            _("No new dataset release holds it."),
            _("What was sent about it stays sent and paid."),
            _("It cannot be put back."),
        ],
        button=_("Take it out"),
        back=back,
    )
    return ask_first(request, question)
