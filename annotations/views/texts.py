"""Page of texts that may contain personal data: clear them or keep them out of releases."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.permissions import CLEAR_TEXTS
from annotations.queries import text_checks as queries
from annotations.queries.text_checks import Kind
from annotations.rules.text_kinds import TextCheck
from annotations.rules.texts import marked
from annotations.services import text_checks
from annotations.views.cover import covered_for
from codesign.shared.errors import Conflict
from codesign.shared.keyset import page_of
from codesign.studies.permissions import StudyRequest, page

TEXTS_A_PAGE = 20


@page(CLEAR_TEXTS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List responses or prompts, undecided or decided."""
    kind = Kind.PROMPT if request.GET.get("kind") == Kind.PROMPT else Kind.RESPONSE
    decided = "decided" in request.GET
    study_id = request.member.study_id
    texts = page_of(
        queries.found(kind=kind, study_id=study_id, decided=decided),
        by=["id"],
        asked=request.GET,
        size=TEXTS_A_PAGE,
    )
    prompts = [row if kind is Kind.PROMPT else row.prompt for row in texts]
    context = {
        "kind": kind,
        "covered": covered_for(request, prompts),
        "opened": request.GET.get("open", ""),
        "decided": decided,
        "page": texts,
        "tabs": [
            (title, _address(slug, one, late), one is kind and late is decided)
            for title, one, late in (
                (_("Replies"), Kind.RESPONSE, False),
                (_("Prompts"), Kind.PROMPT, False),
                (_("Replies, decided"), Kind.RESPONSE, True),
                (_("Prompts, decided"), Kind.PROMPT, True),
            )
        ],
        "rows": [
            {
                "row": row,
                "prompt": prompt,
                "texts": [marked(text) for text in _texts(kind, row)],
                "kept_out": row.text_check == TextCheck.KEPT_OUT,
                "cleared": row.text_check == TextCheck.CLEARED,
            }
            for row, prompt in zip(texts, prompts, strict=True)
        ],
    }
    return render(request, "annotations/texts.html", context)


def _texts(kind: Kind, row: Any) -> list[str]:
    if kind is Kind.RESPONSE:
        return [row.text]
    return [message["content"] for message in row.messages]


def _address(slug: str, kind: Kind, decided: bool) -> str:
    start = reverse("annotations:texts", kwargs={"slug": slug})
    return f"{start}?kind={kind}{'&decided=1' if decided else ''}"


@page(CLEAR_TEXTS)
@require_POST
def decide(request: StudyRequest, slug: str, kind: str, text_id: uuid.UUID) -> HttpResponse:
    """Clear a text or keep it out of releases."""
    if kind not in set(Kind):
        raise Http404
    try:
        text_checks.decide(
            actor=request.actor,
            study=request.member.study,
            kind=Kind(kind),
            text_id=text_id,
            state=request.POST.get("state", ""),
            seen=request.POST.get("seen", ""),
        )
    except Conflict as refusal:
        messages.warning(request, refusal.title)
    decided = request.POST.get("seen") != TextCheck.FOUND
    return redirect(_address(slug, Kind(kind), decided))
