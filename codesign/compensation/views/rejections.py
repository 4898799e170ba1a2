"""Rejections of work and appeals against them, for the staff of a study."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.compensation.forms.rejections import DecisionForm, RejectionForm
from codesign.compensation.permissions import REVIEW_WORK, SEE_REVIEW
from codesign.compensation.queries import ledger, reviews
from codesign.compensation.queries import rejections as queries
from codesign.compensation.queries.rejections import ShownRejection
from codesign.compensation.registry import REVIEWED_WORK
from codesign.compensation.rules.rejections import (
    ANSWER_WITHIN,
    APPEAL_WITHIN,
    AUTO_APPROVAL,
    AppealState,
    RejectionState,
)
from codesign.compensation.services import appeals, rejections
from codesign.shared.errors import Invalid, NotPermitted
from codesign.shared.keyset import page_of
from codesign.studies.models import Member
from codesign.studies.permissions import StudyRequest, page

A_PAGE = 30


@page(SEE_REVIEW)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the rejections of a study, newest first."""
    rows = queries.of_study(study_id=request.member.study_id)
    shown = page_of(rows, by=queries.NEWEST, asked=request.GET, size=A_PAGE)
    context = {"page": shown, "rejections": queries.shown(shown)}
    return render(request, "compensation/rejections.html", context)


@page(REVIEW_WORK)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: StudyRequest, slug: str, transfer_id: uuid.UUID) -> HttpResponse:
    """Propose to reject one piece of credited work, or with it all that waits of its person."""
    study_id = request.member.study_id
    leg = ledger.credit_in(study_id=study_id, transfer_id=transfer_id)
    others = reviews.other_works(study_id=study_id, leg=leg)
    form = RejectionForm(request.POST if request.method == "POST" else None, others=len(others))
    if form.is_bound and form.is_valid():
        try:
            made = rejections.propose(
                actor=request.actor,
                study=request.member.study,
                member_id=leg.account.owner_id,
                works=[
                    (leg.transfer.about_kind, leg.transfer.about_id),
                    *(others if form.cleaned_data.get("everything") else ()),
                ],
                category=form.cleaned_data["category"],
                reason=form.cleaned_data["reason"],
            )
        except Invalid as refusal:
            _add_errors(form, refusal)
        else:
            messages.success(
                request, _("Proposed. Nothing is taken away before another coordinator confirms.")
            )
            return redirect("compensation:rejection", slug=slug, rejection_id=made.id)
    context = {
        "leg": leg,
        "form": form,
        "alone": _is_alone(request.member),
        "until": leg.transfer.effective_at + AUTO_APPROVAL,
        "appeal_days": APPEAL_WITHIN.days,
    }
    return render(request, "compensation/reject.html", context, status=400 if form.errors else 200)


@page(SEE_REVIEW)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: StudyRequest, slug: str, rejection_id: uuid.UUID) -> HttpResponse:
    """Show one rejection; confirm it, take it back, pay after all, or decide on its appeal."""
    form = DecisionForm()
    if request.method == "POST":
        if request.POST.get("do") == "decide":
            form = DecisionForm(request.POST)
            done = form.is_valid() and _decided(request, form, rejection_id)
        else:
            _change(request, rejection_id)
            done = True
        if done:
            return redirect("compensation:rejection", slug=slug, rejection_id=rejection_id)
    found = queries.one_of_study(study_id=request.member.study_id, rejection_id=rejection_id)
    context = {
        "shown": found,
        "rejection": found.rejection,
        "works": [(work, _page_of(slug, work.about_kind, work.about_id)) for work in found.works],
        "form": form,
        **_choices(request.member, found),
    }
    status = 400 if form.errors else 200
    return render(request, "compensation/rejection.html", context, status=status)


def _choices(member: Member, found: ShownRejection) -> dict[str, Any]:
    """Return what this member of the staff can do now, and why not."""
    rejection, appeal = found.rejection, found.appeal
    coordinates = member.has_role(*REVIEW_WORK.roles)
    proposed = rejection.state == RejectionState.PROPOSED
    appealed = appeal is not None and appeal.state == AppealState.OPEN
    return {
        "proposed": proposed and coordinates,
        "in_time": queries.can_still_be_confirmed(rejection=found, now=timezone.now()),
        "why_not_confirm": queries.why_not_confirm(member=member, rejection=rejection)
        if proposed and coordinates
        else None,
        "alone": proposed and coordinates and _is_alone(member),
        "appealed": appealed,
        "why_not_decide": queries.why_not_decide(member=member, rejection=rejection)
        if appealed
        else None,
        "nobody_decides": appealed and not queries.deciders(rejection=rejection),
        "granted_on": appeal and appeal.created_at + ANSWER_WITHIN,
        "pays": coordinates and rejection.state == RejectionState.CONFIRMED and not appealed,
    }


def _change(request: StudyRequest, rejection_id: uuid.UUID) -> None:
    if not request.member.has_role(*REVIEW_WORK.roles):
        raise NotPermitted(_("You can view this page but not change anything."))
    scope: dict[str, Any] = {
        "actor": request.actor,
        "study": request.member.study,
        "rejection_id": rejection_id,
    }
    wanted = request.POST.get("do")
    if wanted == "confirm":
        rejections.confirm(**scope)
        messages.success(request, _("Confirmed. The person gets a mail and can appeal."))
    elif wanted == "take_back":
        rejections.take_back(**scope)
        messages.success(request, _("Taken back. Nothing was taken away."))
    elif wanted == "pay":
        rejections.pay_after_all(**scope)
        messages.success(request, _("The work is paid. The person gets a mail."))


def _decided(request: StudyRequest, form: Form, rejection_id: uuid.UUID) -> bool:
    try:
        appeals.decide(
            actor=request.actor,
            study=request.member.study,
            rejection_id=rejection_id,
            **form.cleaned_data,
        )
    except Invalid as refusal:
        _add_errors(form, refusal)
        return False
    messages.success(request, _("Decided. The person gets a mail."))
    return True


def _add_errors(form: Form, refusal: Invalid) -> None:
    for name, problems in refusal.fields.items():
        form.add_error(name, problems)


def _is_alone(member: Member) -> bool:
    """Return whether no other coordinator could confirm what this one proposes."""
    found = queries.coordinators(study_id=member.study_id)
    return all(one.user_id == member.user_id for one in found)


def _page_of(slug: str, kind: str, about_id: uuid.UUID) -> str:
    """Return the address at which the staff reads this work, or "" if it has none."""
    return REVIEWED_WORK.get(kind).page(slug, about_id) if kind in REVIEWED_WORK else ""
