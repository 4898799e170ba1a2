"""A person's own pages: how they feel, a check-in some days later, and how they work."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from codesign.care.forms.wellbeing import OFF, PASS, CheckInForm, HowYouWorkForm, MoodForm
from codesign.care.permissions import ADJUST, ASK_FOR_CHECK_IN, SAY_MOOD
from codesign.care.queries import adjustments as queries
from codesign.care.queries import moods as mood_queries
from codesign.care.queries.help_page import countries_for
from codesign.care.services import adjustments, check_ins, moods
from codesign.shared.access import SIGNED_IN
from codesign.shared.errors import Invalid
from codesign.shared.forms import explain
from codesign.shared.logs import unlogged
from codesign.shared.pages import own_address, plain_page
from codesign.studies.permissions import PageRequest, StudyRequest, page


@unlogged
@page(SAY_MOOD)
@require_POST
def mood(request: StudyRequest, slug: str) -> HttpResponse:
    """Store how a person feels, or that they pass, or that they do not want to be asked."""
    form = MoodForm(request.POST)
    if form.is_valid():
        face = form.cleaned_data["face"]
        if face == OFF:
            moods.stop_asking(member=request.member)
            messages.success(
                request, _("We do not ask again. Under “How you work” you can change that.")
            )
        else:
            moods.say(
                member=request.member,
                moment=form.cleaned_data["moment"],
                face=None if face == PASS else int(face),
            )
    return _back(request, slug)


@unlogged
@page(ASK_FOR_CHECK_IN)
@require_POST
def ask_for_check_in(request: StudyRequest, slug: str) -> HttpResponse:
    """Store when a person wants to be asked how they are, or that they do not."""
    form = CheckInForm(request.POST)
    if form.is_valid():
        if days := form.cleaned_data["days"]:
            check_ins.ask_for(member=request.member, days=days)
            messages.success(request, _("Saved. We write to you then."))
        else:
            check_ins.cancel(member=request.member)
            messages.success(request, _("Saved. We do not write to you."))
    return _back(request, slug)


def _back(request: StudyRequest, slug: str) -> HttpResponse:
    if address := own_address(request.POST.get("next", "")):
        return redirect(address)
    return redirect("desk:study", slug=slug)


@unlogged
@plain_page(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: PageRequest, check_in_id: uuid.UUID) -> HttpResponse:
    """Ask how a person is: fine, talk to somebody, or helplines. The address names no study."""
    found = queries.own_check_in(actor=request.actor, check_in_id=check_in_id)
    if request.method == "POST" and found:
        talk = request.POST.get("do") == "talk"
        case = check_ins.answer(actor=request.actor, check_in_id=found.id, talk=talk)
        if case:
            return redirect("care:own-case", slug=found.member.study.slug, case_id=case.id)
        messages.success(request, _("That is good to hear. Take care."))
        return redirect("desk:home")
    context = {
        "found": found,
        "countries": countries_for(actor=request.actor, language=request.user.language),
    }
    return render(request, "care/check_in.html", context)


@unlogged
@page(ADJUST)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def how_you_work(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and change how a person works, and show what they said about how they feel."""
    member = request.member
    chosen = queries.adjustments_of(member)
    form = HowYouWorkForm(
        request.POST or None,
        initial={
            "text_size": request.user.text_size,
            "line_spacing": request.user.line_spacing,
            "left_out": chosen.left_out,
            "lease_times": chosen.lease_times,
            "supported": queries.is_supported(member),
            "asks_mood": chosen.asks_mood,
        },
    )
    if form.is_bound and form.is_valid():
        try:
            adjustments.adjust(actor=request.actor, member=member, chosen=form.chosen)
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("care:how-you-work", slug=slug)
    context = {
        "form": form,
        "moods": mood_queries.own_moods(actor=request.actor, member=member),
    }
    status = 400 if form.errors else 200
    return render(request, "care/how_you_work.html", context, status=status)


@unlogged
@page(ADJUST)
@require_POST
def forget_moods(request: StudyRequest, slug: str) -> HttpResponse:
    """Delete what a person said about how they feel."""
    moods.forget(member=request.member)
    messages.success(request, _("Deleted. Nobody sees it any more."))
    return redirect("care:how-you-work", slug=slug)
