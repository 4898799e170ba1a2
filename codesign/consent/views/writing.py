"""Writing, previewing and publishing a consent text."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.consent import queries, rules, services
from codesign.consent.forms import PartForms, TextForm
from codesign.consent.permissions import PUBLISH
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.studies.models import Study
from codesign.studies.permissions import StudyRequest, page

EASY_GRADE = 8
"""Flesch-Kincaid grade; harder texts get a warning (standards 2.14)."""


@page(PUBLISH)
@never_cache
@require_http_methods(["GET", "POST"])
def write(request: StudyRequest, slug: str) -> HttpResponse:
    """Edit the text, starting from the draft, the published text or the example."""
    study = request.member.study
    draft = queries.draft_of(study_id=study.id, language=study.language)
    last = queries.current_version(study_id=study.id, language=study.language)
    example = queries.example_for(study=study)
    wanted = "example" if "example" in request.GET and not draft else ""
    content: dict[str, Any] = example if wanted else {}
    if not wanted and (written := draft or last):
        content = written.content
    form = TextForm(
        request.POST or None,
        content=content,
        offer=example,
        before=draft.content_hash if draft else "",
    )
    parts = PartForms(request.POST or None, content=content)
    if form.is_bound and form.is_valid() and parts.is_valid() and _saved(request, form, parts):
        if "more" in request.POST:
            return redirect(f"{request.path}#parts")
        return redirect("consent:preview" if "look" in request.POST else "consent:write", slug=slug)
    context = {
        "form": form,
        "parts": parts,
        "draft": draft,
        "last": last,
        "blank": not content,
    }
    status = 400 if form.is_bound else 200
    return render(request, "consent/write.html", context, status=status)


def _saved(request: StudyRequest, form: TextForm, parts: PartForms) -> bool:
    study = request.member.study
    try:
        services.save_draft(
            actor=request.actor,
            study=study,
            language=study.language,
            content=form.content(parts.parts(), study.language),
            before=form.cleaned_data["before"],
        )
    except Conflict as refusal:
        explain(form, refusal)
        _begin_from_theirs(form, study)
        return False
    messages.success(request, _("Saved. Only the study's staff see it until you publish it."))
    return True


def _begin_from_theirs(form: TextForm, study: Study) -> None:
    """Set the form to the other person's draft, so that saving again knowingly replaces it."""
    theirs = queries.draft_of(study_id=study.id, language=study.language)
    form.data = {**dict(form.data.items()), "before": theirs.content_hash if theirs else ""}


@page(PUBLISH)
@never_cache
@require_http_methods(["GET", "POST"])
def preview(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the draft as people will see it, what is missing, and a button to publish it."""
    study = request.member.study
    if request.method == "POST":
        return _publish(request, slug)
    draft = queries.draft_of(study_id=study.id, language=study.language)
    if draft is None:
        return redirect("consent:write", slug=slug)
    signed = queries.how_many_signed(study_id=study.id)
    english = study.language.partition("-")[0] == "en"
    grade = rules.reading_grade(rules.paragraphs_of(draft.content)) if english else None
    context = {
        "draft": draft,
        "content": draft.content,
        "problems": rules.content_problems(draft.content),
        "grade": None if grade is None else max(round(grade, 1), 0),
        "hard": grade is not None and grade > EASY_GRADE,
        "easy": EASY_GRADE,
        "last": queries.current_version(study_id=study.id, language=study.language),
        "signed": signed,
    }
    return render(request, "consent/preview.html", context)


def _publish(request: StudyRequest, slug: str) -> HttpResponse:
    study = request.member.study
    try:
        version = services.publish_draft(
            actor=request.actor,
            study=study,
            language=study.language,
            shown_hash=request.POST.get("shown_hash", ""),
            material=request.POST.get("material", "yes") != "no",
        )
    except (Conflict, Invalid) as refusal:
        messages.error(request, refusal.title)
        return redirect("consent:preview", slug=slug)
    messages.success(request, _("Version %(n)d is published.") % {"n": version.number})
    return redirect("desk:set-up", slug=slug)
