"""Reading and signing the consent text, copies, changing choices, leaving."""

from __future__ import annotations

import hashlib
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.consent import queries, rules, services
from codesign.consent.forms import ConsentForm
from codesign.consent.models import ConsentVersion
from codesign.consent.permissions import SEE_OWN_CONSENT, SEE_TEXTS, SIGN
from codesign.consent.registry import BEFORE_SIGNING
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.shared.forms import explain
from codesign.studies.models import Member
from codesign.studies.permissions import StudyRequest, page

DOWNLOADS = {
    "text": ("consent/copy.txt", "text/plain; charset=utf-8", "txt"),
    "page": ("consent/copy_alone.html", "text/html; charset=utf-8", "html"),
}


@page(SIGN)
@never_cache
@require_http_methods(["GET", "POST"])
def read(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the text, the choices and the signature on one page."""
    member = request.member
    if queries.record_in_force(member_id=member.id):
        return redirect("consent:choices", slug=slug)
    own = request.user.language or get_language() or ""
    language = request.GET.get("language") or own
    version = queries.current_version(study_id=member.study_id, language=language)
    if version is None:
        return _unavailable(request, language)
    terms = _terms(request, member)
    digest = hashlib.sha256(terms.encode()).hexdigest()
    form, changed = _form(request, version, digest)
    if form.is_bound and form.is_valid() and _signed(request, form, version):
        messages.success(request, _("Thank you. You can find a copy of what you signed here."))
        return redirect("desk:study", slug=slug)
    context = {
        "study": member.study,
        "version": version,
        "form": form,
        "terms": terms,
        "changed": changed,
    }
    status = 409 if changed else 400 if form.errors else 200
    return render(request, "consent/read.html", context, status=status)


def _unavailable(request: StudyRequest, language: str) -> HttpResponse:
    """Say that the language is not available. Others are shown only on request (2.15)."""
    study = request.member.study
    context = {
        "study": study,
        "wanted": language,
        "languages": [(code, _own_name(code)) for code in queries.languages(study_id=study.id)],
    }
    return render(request, "consent/unavailable.html", context)


def _own_name(code: str) -> str:
    """Return the language's name in that language, or its code if Django does not know it."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


def _terms(request: HttpRequest, member: Member) -> SafeString:
    """Return what other apps say before signing, as rendered HTML."""
    panels = [panel for _name, find in BEFORE_SIGNING if (panel := find(member))]
    parts = [render_to_string(p.template, dict(p.context), request=request) for p in panels]
    return mark_safe("".join(parts))  # noqa: S308  # rendered templates


def _form(request: HttpRequest, version: ConsentVersion, terms: str) -> tuple[ConsentForm, bool]:
    """Return the form, and whether the text or the pay has changed since it was opened.

    After a change the form is unticked, so that nobody signs what they have not seen. It keeps the
    name.
    """
    if request.method != "POST":
        return ConsentForm(version=version, terms=terms), False
    shown = (request.POST.get("shown_hash"), request.POST.get("shown_terms"))
    if shown == (version.content_hash, terms):
        return ConsentForm(request.POST, version=version, terms=terms), False
    name = {"typed_name": request.POST.get("typed_name", "")}
    return ConsentForm(version=version, terms=terms, initial=name), True


def _signed(request: StudyRequest, form: ConsentForm, version: ConsentVersion) -> bool:
    try:
        services.sign(
            actor=request.actor,
            member=request.member,
            version=version,
            shown_hash=form.cleaned_data["shown_hash"],
            typed_name=form.cleaned_data["typed_name"],
            granted=form.granted,
        )
    except (Conflict, Invalid) as refusal:
        explain(form, refusal)
        return False
    return True


@page(SEE_OWN_CONSENT)
@never_cache
@require_http_methods(["GET", "POST"])
def choices(request: StudyRequest, slug: str) -> HttpResponse:
    """Show each optional choice with a button to change it, copies, and how to leave."""
    member = request.member
    if request.method == "POST":
        return _change(request, slug)
    record = queries.record_in_force(member_id=member.id)
    context = {
        "study": member.study,
        "record": record,
        "answers": _answers(record.version, queries.choices_of(record_id=record.id))
        if record
        else [],
        "signatures": queries.signatures(actor=request.actor, member=member),
        "can_leave": bool(queries.standing_records(member_id=member.id)),
    }
    return render(request, "consent/choices.html", context)


def _change(request: StudyRequest, slug: str) -> HttpResponse:
    """Change one choice, and say which, since the page reloads at its top."""
    purpose = _purpose(request.POST.get("purpose", ""))
    granted = request.POST.get("granted") == "yes"
    services.change_choice(
        actor=request.actor, member=request.member, purpose=purpose, granted=granted
    )
    record = queries.record_in_force(member_id=request.member.id)
    asked = record.version.content["choices"] if record else []
    title = next((choice["title"] for choice in asked if choice["purpose"] == purpose), "")
    answer = _("yes") if granted else _("no")
    messages.success(
        request,
        _("“%(title)s” is now “%(answer)s”. This counts from now on.")
        % {"title": title, "answer": answer},
    )
    return redirect("consent:choices", slug=slug)


def _purpose(sent: str) -> rules.Purpose:
    try:
        return rules.Purpose(sent)
    except ValueError:
        raise Invalid(_("This choice does not exist.")) from None


def _answers(version: ConsentVersion, granted: dict[str, bool]) -> list[dict[str, object]]:
    """Return the optional choices of a version with the latest answers."""
    return [
        {**choice, "granted": granted.get(choice["purpose"], False)}
        for choice in version.content["choices"]
        if choice["purpose"] in rules.OPTIONAL
    ]


@page(SEE_OWN_CONSENT)
@never_cache
@require_http_methods(["GET", "POST"])
def leave(request: StudyRequest, slug: str) -> HttpResponse:
    """Leave the study: one page, one button, no reason (standards 2.8)."""
    if request.method == "POST":
        services.withdraw(actor=request.actor, member=request.member)
        messages.success(request, _("You have left the study. You keep what you have earned."))
        return redirect("desk:study", slug=slug)
    if not queries.standing_records(member_id=request.member.id):
        return redirect("desk:study", slug=slug)
    return render(request, "consent/leave.html", {"study": request.member.study})


@page(SEE_TEXTS)
@never_cache
@require_safe
def text(request: StudyRequest, slug: str, number: int, language: str) -> HttpResponse:
    """Show a published text with its choices, without anybody's answers."""
    study = request.member.study
    version = queries.version_in(study_id=study.id, number=number, language=language)
    return render(request, "consent/text.html", {"study": study, "version": version})


@page(SEE_OWN_CONSENT)
@never_cache
@require_safe
def copy(request: StudyRequest, slug: str, record_id: uuid.UUID) -> HttpResponse:
    """Show what I signed: text, choices, name, time, meaning."""
    signed = queries.signed_copy(actor=request.actor, member=request.member, record_id=record_id)
    return render(request, "consent/copy.html", {"study": request.member.study, "copy": signed})


@page(SEE_OWN_CONSENT)
@never_cache
@require_safe
def download(request: StudyRequest, slug: str, record_id: uuid.UUID, form: str) -> HttpResponse:
    """Download what I signed as plain text or as a self-contained page."""
    if form not in DOWNLOADS:
        raise NotFound
    template, content_type, ending = DOWNLOADS[form]
    signed = queries.signed_copy(actor=request.actor, member=request.member, record_id=record_id)
    body = render_to_string(template, {"study": request.member.study, "copy": signed})
    answer = HttpResponse(body, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="consent-{slug}.{ending}"'
    return answer
