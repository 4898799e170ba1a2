"""Hints on the wording of what a coordinator writes. They are shown while one writes."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from codesign.care.permissions import CHECK_WORDING
from codesign.care.rules.wording import hints_on
from codesign.studies.permissions import StudyRequest, page

NOT_TEXT = ("csrfmiddlewaretoken",)


@page(CHECK_WORDING)
@never_cache
@require_POST
def check(request: StudyRequest, slug: str) -> HttpResponse:
    """Check every field of the form that was sent. Nothing is stored.

    With htmx the answer is the fragment below the form, without scripts a page in a new tab.
    """
    texts = [
        text for name in request.POST if name not in NOT_TEXT for text in request.POST.getlist(name)
    ]
    template = (
        "care/_wording_hints.html" if request.headers.get("HX-Request") else "care/wording.html"
    )
    return render(request, template, {"hints": hints_on(texts)})
