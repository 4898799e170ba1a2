"""Creating a study, setting it up step by step, opening it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.accounts.permissions import proven_lately
from codesign.desk import queries
from codesign.desk.forms import CoordinatorForm, NewStudyForm
from codesign.desk.services import handover
from codesign.desk.services.new_study import start_study
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.pages import Question, ask_first
from codesign.studies import queries as study_queries
from codesign.studies import services
from codesign.studies.models import Handover
from codesign.studies.permissions import (
    MAKE_STUDIES,
    RUN_STUDY,
    PageRequest,
    StudyRequest,
    is_untouched,
    page,
)
from codesign.studies.rules import StudyState

STUDIES_A_PAGE = 50


@page(MAKE_STUDIES)
@never_cache
@require_safe
def studies(request: PageRequest) -> HttpResponse:
    """List every study of the site with its coordinators."""
    pages = Paginator(queries.studies_of_site(actor=request.actor), STUDIES_A_PAGE)
    return render(request, "desk/studies.html", {"page": pages.get_page(request.GET.get("page"))})


@page(MAKE_STUDIES)
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """Create a study. Its coordinator sets it up."""
    form = NewStudyForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            study = start_study(actor=request.actor, **form.cleaned_data)
        except (Conflict, Invalid) as refusal:
            explain(form, refusal)
        else:
            return _handed_over(request, study.slug, form)
    return render(
        request, "desk/study_new.html", {"form": form}, status=400 if form.errors else 200
    )


@page(MAKE_STUDIES)
@never_cache
@require_http_methods(["GET", "POST"])
@proven_lately
def coordinator(request: PageRequest, slug: str) -> HttpResponse:
    """Name a coordinator for a study that has none."""
    study = queries.study_of_site(actor=request.actor, slug=slug)
    if study.coordinators:  # type: ignore[attr-defined]
        messages.info(request, _("This study has a coordinator, who can add more."))
        return redirect("desk:studies")
    if waiting := study.waiting:  # type: ignore[attr-defined]
        return redirect("desk:handover-decide", handover_id=waiting[0].id)
    form = CoordinatorForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            place = handover.name_coordinator(
                actor=request.actor, study=study, email=form.cleaned_data["email"]
            )
        except (Conflict, Invalid) as refusal:
            explain(form, refusal)
        else:
            if isinstance(place, Handover):
                return redirect("desk:handover-decide", handover_id=place.id)
            return _handed_over(request, study.slug, form)
    context = {"form": form, "named": study, "at_once": is_untouched(study)}
    context["hours"] = settings.HANDOVER_HOURS
    return render(request, "desk/coordinator.html", context, status=400 if form.errors else 200)


def _handed_over(request: PageRequest, slug: str, form: forms.Form) -> HttpResponse:
    """Redirect to the set-up if the person named themselves, else to the list of studies."""
    if study_queries.memberships(actor=request.actor).filter(study__slug=slug).exists():
        return redirect("desk:set-up", slug=slug)
    messages.success(
        request,
        _("We are sending an e-mail to %(email)s, who can now set the study up.")
        % form.cleaned_data,
    )
    return redirect("desk:studies")


@page(RUN_STUDY)
@never_cache
@require_safe
def set_up(request: StudyRequest, slug: str) -> HttpResponse:
    """Show every step of the set-up: what is done, what is missing, and which step is next."""
    return _steps(request)


def _steps(request: StudyRequest, *, refused: bool = False) -> HttpResponse:
    study = request.member.study
    steps: list[dict[str, Any]] = []
    for check, result in study_queries.checked(study):
        href = reverse(check.url_name, kwargs={"slug": study.slug})
        steps.append({"check": check, "result": result, "href": href})
    todo = [step for step in steps if step["result"].gaps]
    context = {
        "steps": steps,
        "next": todo[0] if todo else None,
        "done": len(steps) - len(todo),
        "missing": [gap for step in todo for gap in step["result"].gaps],
        "refused": refused,
    }
    return render(request, "desk/set_up.html", context, status=409 if refused else 200)


@page(RUN_STUDY)
@never_cache
@require_http_methods(["GET", "POST"])
def open_study(request: StudyRequest, slug: str) -> HttpResponse:
    """Ask for confirmation, then open the study. If something is missing, say what."""
    study = request.member.study
    if study.state != StudyState.DRAFT:
        return redirect("desk:set-up", slug=slug)
    if request.method == "POST":
        try:
            services.change_state(actor=request.actor, study=study, state=StudyState.OPEN)
        except Conflict:
            if study_queries.gaps_of(study):
                return _steps(request, refused=True)
            return redirect("desk:set-up", slug=slug)  # repeated request: it is already open
        messages.success(request, _("The study is open."))
        return redirect("desk:set-up", slug=slug)
    if study_queries.gaps_of(study):
        return redirect("desk:set-up", slug=slug)
    question = Question(
        heading=_("Open “%(title)s”?") % {"title": study.title},
        points=[
            _("People who have signed get texts from open rounds and are paid for them."),
            _("You can add people, prompts and rounds at any time, and pause the study."),
            _("Texts that people have signed cannot be edited. A change is a new version."),
        ],
        button=_("Open the study"),
        back=reverse("desk:set-up", kwargs={"slug": slug}),
    )
    return ask_first(request, question)
