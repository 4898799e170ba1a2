"""A person's own way to support: ask for it, say what their words are about, choose contact."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.care.forms.cases import AnswerForm, ContactForm
from codesign.care.models import Case
from codesign.care.permissions import ASK_FOR_SUPPORT
from codesign.care.queries import cases as queries
from codesign.care.queries.help_page import countries_for
from codesign.care.registry import way_on, way_to_stop
from codesign.care.rules.cases import Answer, Reason
from codesign.care.services import cases
from codesign.shared.errors import Invalid
from codesign.shared.forms import explain
from codesign.shared.logs import unlogged
from codesign.studies.permissions import StudyRequest, page


@unlogged
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(ASK_FOR_SUPPORT)
def ask(request: StudyRequest, slug: str) -> HttpResponse:
    """Offer to tell the safety lead; a POST tells them."""
    if request.method == "POST":
        case = cases.ask_for_support(member=request.member)
        return redirect("care:own-case", slug=slug, case_id=case.id)
    lines = countries_for(actor=request.actor, language=get_language() or "")
    return render(request, "care/ask.html", {"countries": lines})


@unlogged
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(ASK_FOR_SUPPORT)
def own_case(request: StudyRequest, slug: str, case_id: uuid.UUID) -> HttpResponse:
    """Show help, and take what the person says about their words and about contact."""
    case = queries.own_case(actor=request.actor, case_id=case_id)
    do = request.POST.get("do", "")
    answer = AnswerForm(
        request.POST if do == "answer" else None, initial={"answer": case.answer or None}
    )
    contact = ContactForm(
        request.POST if do == "contact" else None,
        initial={
            "contact": case.contact or None,
            "number": queries.reached_at(case=case) if case.contact == "phone" else "",
        },
    )
    if do == "answer" and answer.is_valid():
        sent = answer.cleaned_data["answer"]
        cases.answer(actor=request.actor, case_id=case.id, sent=sent)
        return redirect("care:own-case", slug=slug, case_id=case.id)
    if do == "contact" and contact.is_valid() and _chosen(request, case, contact):
        return redirect("care:own-case", slug=slug, case_id=case.id)
    on = way_on(request.member)
    context = {
        "case": case,
        "about_words": case.reason == Reason.WORDS,
        "answered": Answer(case.answer).label if case.answer else "",
        "answer_form": answer,
        "contact_form": contact,
        "asks_contact": case.reason != Reason.WORDS or case.is_seen,
        "countries": countries_for(actor=request.actor, language=get_language() or ""),
        "way_on": on,
        "stop": way_to_stop(on),
    }
    failing = answer.errors or contact.errors
    return render(request, "care/own_case.html", context, status=400 if failing else 200)


def _chosen(request: StudyRequest, case: Case, form: ContactForm) -> bool:
    try:
        cases.choose_contact(actor=request.actor, case_id=case.id, **form.cleaned_data)
    except Invalid as refusal:
        explain(form, refusal)
        return False
    return True
