"""Pages of topics and daily limits."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotations.forms.topics import StudyLimitForm, TopicsForm
from annotations.permissions import JUDGE, MANAGE_ROUNDS
from annotations.queries import load
from annotations.queries import topics as queries
from annotations.services import care_choices
from codesign.shared.errors import Invalid
from codesign.shared.forms import explain
from codesign.studies.permissions import StudyRequest, page

TOPICS_A_PAGE = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(JUDGE)
def topics(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and store what a person wants of each topic, and their own daily limit."""
    member = request.member
    topics_by_page = Paginator(queries.topics_of(study_id=member.study_id), TOPICS_A_PAGE)
    shown = topics_by_page.get_page(request.GET.get("page"))
    study_minutes = load.study_minutes(member)
    form = TopicsForm(
        request.POST or None,
        topics=list(shown),
        choices=queries.choices_of(actor=request.actor, member=member),
        own_minutes=load.own_minutes(member),
        study_minutes=study_minutes,
    )
    if form.is_valid():
        try:
            care_choices.choose(
                actor=request.actor,
                slug=slug,
                choices=form.choices(),
                minutes=form.cleaned_data["minutes"],
            )
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("Saved. You can change this at any time."))
            if request.POST.get("then") == "judge":
                return redirect("annotations:judge", slug=slug)
            return redirect(request.get_full_path())
    context = {
        "form": form,
        "page": shown,
        "is_first": queries.has_never_chosen(member),
        "study_minutes": study_minutes,
    }
    status = 400 if form.is_bound else 200
    return render(request, "annotations/topics.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(MANAGE_ROUNDS)
def study_limit(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and set the daily limit of a study."""
    minutes = load.study_minutes(request.member)
    form = StudyLimitForm(request.POST or None, initial={"minutes": minutes})
    if form.is_valid():
        care_choices.set_study_limit(
            actor=request.actor, study=request.member.study, minutes=form.cleaned_data["minutes"]
        )
        messages.success(request, _("The daily limit is saved."))
        return redirect("annotations:rounds", slug=slug)
    status = 400 if form.is_bound else 200
    return render(request, "annotations/study_limit.html", {"form": form}, status=status)
