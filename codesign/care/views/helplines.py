"""The countries of a study and its helplines, kept by coordinators and safety leads."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from codesign.care.forms.helplines import CountryForm, LineForm, initial_of
from codesign.care.models import Helpline
from codesign.care.permissions import HELPLINES
from codesign.care.queries import helplines as queries
from codesign.care.rules.countries import country_name
from codesign.care.services import helplines as services
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.pages import Question, ask_first
from codesign.studies.permissions import StudyRequest, page


@page(HELPLINES)
@never_cache
@require_http_methods(["GET", "POST"])
def listing(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the countries with their lines, and name one more country."""
    study = request.member.study
    form = CountryForm(request.POST or None)
    if form.is_bound and form.is_valid() and _named(request, form):
        return redirect("care:helplines", slug=slug)
    context = {"form": form, "countries": queries.kept_countries(study_id=study.id)}
    return render(request, "care/helplines.html", context, status=400 if form.errors else 200)


def _named(request: StudyRequest, form: CountryForm) -> bool:
    code = form.cleaned_data["country_code"]
    try:
        services.name_country(actor=request.actor, study=request.member.study, country_code=code)
    except (Conflict, Invalid) as refusal:
        explain(form, refusal)
        return False
    messages.success(request, _("Added: %(country)s.") % {"country": country_name(code)})
    return True


@page(HELPLINES)
@require_POST
def drop_country(request: StudyRequest, slug: str, code: str) -> HttpResponse:
    """Remove a country in which the study no longer recruits."""
    try:
        services.drop_country(actor=request.actor, study=request.member.study, country_code=code)
    except Conflict as refusal:
        messages.warning(request, refusal.title)
    else:
        messages.success(request, _("Removed: %(country)s.") % {"country": country_name(code)})
    return redirect("care:helplines", slug=slug)


@page(HELPLINES)
@require_POST
def copy_examples(request: StudyRequest, slug: str, code: str) -> HttpResponse:
    """Copy the example lines of a country, to be verified."""
    copied = services.copy_examples(
        actor=request.actor, study=request.member.study, country_code=code
    )
    words = ngettext(
        "%(n)d example was copied. Check it before people see it.",
        "%(n)d examples were copied. Check them before people see them.",
        len(copied),
    )
    messages.success(request, words % {"n": len(copied)})
    return redirect("care:helplines", slug=slug)


@page(HELPLINES)
@never_cache
@require_http_methods(["GET", "POST"])
def new_line(request: StudyRequest, slug: str) -> HttpResponse:
    """Add a helpline."""
    study = request.member.study
    form = LineForm(request.POST or None, initial={"country_code": request.GET.get("country")})
    if form.is_bound and form.is_valid():
        try:
            saved = services.add_line(
                actor=request.actor,
                study=study,
                details=form.details,
                verified_on=timezone.localdate() if form.cleaned_data["verified"] else None,
            )
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _saved_words(verified=saved.verified_on is not None))
            return redirect("care:helplines", slug=slug)
    return _line_page(request, form)


@page(HELPLINES)
@never_cache
@require_http_methods(["GET", "POST"])
def line(request: StudyRequest, slug: str, line_id: uuid.UUID) -> HttpResponse:
    """Change a helpline."""
    changed = queries.line_in(study_id=request.member.study_id, line_id=line_id)
    form = LineForm(request.POST or None, initial=initial_of(changed))
    if form.is_bound and form.is_valid():
        try:
            saved = services.change_line(
                actor=request.actor,
                line=changed,
                details=form.details,
                verified=form.cleaned_data["verified"],
            )
        except (Conflict, Invalid) as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _saved_words(verified=saved.verified_on is not None))
            return redirect("care:helplines", slug=slug)
    return _line_page(request, form, changed)


def _saved_words(*, verified: bool) -> str:
    if verified:
        return _("Saved.")
    return _("Saved. Check the details before people see this line.")


def _line_page(
    request: StudyRequest, form: LineForm, changed: Helpline | None = None
) -> HttpResponse:
    context = {"form": form, "line": changed}
    return render(request, "care/helpline.html", context, status=400 if form.errors else 200)


@page(HELPLINES)
@require_POST
def verify(request: StudyRequest, slug: str, line_id: uuid.UUID) -> HttpResponse:
    """Record that a line was checked today."""
    checked = queries.line_in(study_id=request.member.study_id, line_id=line_id)
    services.verify_line(actor=request.actor, line=checked)
    messages.success(request, _("“%(name)s” is verified as of today.") % {"name": checked.name})
    return redirect("care:helplines", slug=slug)


@page(HELPLINES)
@never_cache
@require_http_methods(["GET", "POST"])
def remove(request: StudyRequest, slug: str, line_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation, then remove a line."""
    removed = queries.line_in(study_id=request.member.study_id, line_id=line_id)
    if request.method == "POST":
        try:
            services.remove_line(actor=request.actor, line=removed)
        except Conflict as refusal:
            messages.warning(request, refusal.title)
        else:
            messages.success(request, _("“%(name)s” was removed.") % {"name": removed.name})
        return redirect("care:helplines", slug=slug)
    question = Question(
        heading=_("Remove “%(name)s”?") % {"name": removed.name},
        points=[_("People in the study no longer see this line.")],
        button=_("Remove the line"),
        back=reverse("care:helplines", kwargs={"slug": slug}),
    )
    return ask_first(request, question)
