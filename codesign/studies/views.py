"""Setting a study up: its description and its cohorts."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.shared.errors import Invalid
from codesign.shared.forms import explain
from codesign.shared.pages import Question, ask_first
from codesign.studies import queries, services
from codesign.studies.forms import AboutForm, CohortForm, NameForm, PublicForm
from codesign.studies.models import Cohort
from codesign.studies.permissions import MANAGE_PEOPLE, RUN_STUDY, StudyRequest, page
from codesign.studies.rules import Role


@page(RUN_STUDY)
@never_cache
@require_http_methods(["GET", "POST"])
def about(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and change the description of the study, and whether everybody can read it."""
    study = request.member.study
    shown = PublicForm(
        request.POST if request.POST.get("do") == "public" else None,
        initial={"is_public": study.is_public},
    )
    if shown.is_bound and shown.is_valid():
        services.set_public(actor=request.actor, study=study, **shown.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("studies:about", slug=slug)
    initial = {name: getattr(study, name) for name in AboutForm.base_fields}
    form = AboutForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        services.describe(actor=request.actor, study=study, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("desk:set-up", slug=slug)
    context = {"form": form, "public_form": shown}
    return render(request, "studies/about.html", context, status=400 if form.errors else 200)


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def cohorts(request: StudyRequest, slug: str) -> HttpResponse:
    """List the cohorts, and create one."""
    study = request.member.study
    form = CohortForm(request.POST or None)
    if form.is_bound and form.is_valid() and (made := _made(request, form)):
        messages.success(request, _("“%(title)s” was created.") % {"title": made.title})
        return redirect("studies:cohorts", slug=slug)
    context = {"form": form, "cohorts": queries.cohorts_of(study_id=study.id)}
    return render(request, "studies/cohorts.html", context, status=400 if form.errors else 200)


def _made(request: StudyRequest, form: CohortForm) -> Cohort | None:
    try:
        return services.make_cohort(
            actor=request.actor,
            study=request.member.study,
            title=form.cleaned_data["title"],
            role=Role(form.cleaned_data["role"]),
        )
    except Invalid as refusal:
        explain(form, refusal)
        return None


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def cohort(request: StudyRequest, slug: str, cohort_id: uuid.UUID) -> HttpResponse:
    """Rename a cohort."""
    renamed = queries.cohort_in(study_id=request.member.study_id, cohort_id=cohort_id)
    form = NameForm(request.POST or None, initial={"title": renamed.title})
    if form.is_bound and form.is_valid():
        title = form.cleaned_data["title"]
        try:
            services.rename_cohort(actor=request.actor, cohort=renamed, title=title)
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("studies:cohorts", slug=slug)
    context = {"form": form, "cohort": renamed}
    return render(request, "studies/cohort.html", context, status=400 if form.errors else 200)


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def drop(request: StudyRequest, slug: str, cohort_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation, then delete a cohort that was created by mistake."""
    study = request.member.study
    if request.method == "POST":
        services.drop_cohort(actor=request.actor, study=study, cohort_id=cohort_id)
        messages.success(request, _("The cohort was deleted."))
        return redirect("studies:cohorts", slug=slug)
    cohort = queries.cohort_in(study_id=study.id, cohort_id=cohort_id)
    question = Question(
        heading=_("Delete “%(title)s”?") % {"title": cohort.title},
        points=[_("Only a cohort without people, pay and rounds can be deleted.")],
        button=_("Delete the cohort"),
        back=reverse("studies:cohorts", kwargs={"slug": slug}),
    )
    return ask_first(request, question)
