"""The page of a person's own texts that nobody else sees."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotations.forms import words
from annotations.permissions import OWN_TEXTS
from annotations.queries import own_texts as queries
from annotations.rules.own_texts import OwnState
from annotations.services import own_texts
from codesign.care.queries.help_page import countries_for
from codesign.shared.errors import Conflict, NotFound
from codesign.shared.logs import unlogged
from codesign.studies.permissions import StudyRequest, page


@unlogged
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(OWN_TEXTS)
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the texts, each with the choices of its author."""
    if request.method == "POST":
        return _decide(request, slug)
    mine = queries.own_texts(actor=request.actor, member=request.member)
    context = {
        "texts": [
            {
                "own": own,
                "what": own.kind.label,
                "state": _state(own),
                "choices": [(choice, words.OWN_CHOICES[choice]) for choice in own.choices],
            }
            for own in mine
        ],
        "countries": countries_for(actor=request.actor, language=get_language() or ""),
    }
    return render(request, "annotations/own_texts.html", context)


def _state(own: queries.Own) -> Promise | str:
    if own.lead_sees_it and own.state == OwnState.WAITING:
        return words.YOU_AND_THE_LEAD
    return own.state.label


def _decide(request: StudyRequest, slug: str) -> HttpResponse:
    try:
        text = own_texts.decide(
            actor=request.actor,
            text_id=_id(request.POST.get("text", "")),
            state=request.POST.get("state", ""),
        )
    except Conflict as refusal:
        messages.warning(request, refusal.title)
    else:
        free = text.state == OwnState.FREE
        messages.success(
            request,
            _("This text may be used now.") if free else _("You keep this text private."),
        )
    return redirect("annotations:own-texts", slug=slug)


def _id(sent: str) -> uuid.UUID:
    try:
        return uuid.UUID(sent)
    except ValueError:
        raise NotFound from None
