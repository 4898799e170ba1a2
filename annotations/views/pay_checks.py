"""Pages of pay checks: people with held pay, and the held work of one person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.forms.pay_checks import DecisionForm
from annotations.permissions import CHECK_PAY, SEE_PAY_CHECKS
from annotations.queries import pay_checks as queries
from annotations.rules.states import PayCheck, WhyHeld
from annotations.services import pay_checks as service
from codesign.compensation.queries import reviews
from codesign.compensation.rules.rejections import AUTO_APPROVAL
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.shared.keyset import page_of
from codesign.shared.sent_values import time_or_none, uuid_or_none
from codesign.studies.permissions import StudyRequest, page

A_PAGE = 50


@page(SEE_PAY_CHECKS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the people with held pay, by pseudonym."""
    people = queries.people(study_id=request.member.study_id)
    shown = Paginator(people, A_PAGE).get_page(request.GET.get("page"))
    context = {"page": shown, "decides": request.member.has_role(*CHECK_PAY.roles)}
    return render(request, "annotations/pay_checks.html", context)


@page(SEE_PAY_CHECKS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: StudyRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    """Show the held work of one person, and decide on all or some of it."""
    decides = request.member.has_role(*CHECK_PAY.roles)
    study_id = request.member.study_id
    member = queries.person(study_id=study_id, member_id=member_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        if not decides:
            raise NotPermitted(_("You can read this page but not decide."))
        if form.is_valid() and _decided(request, member_id, form):
            left = queries.pieces(study_id=study_id, member_id=member_id).exists()
            if left:
                return redirect("annotations:pay-checks-of", slug=slug, member_id=member_id)
            return redirect("annotations:pay-checks", slug=slug)
    held = queries.people(study_id=study_id, member_id=member_id)
    pieces = queries.pieces(study_id=study_id, member_id=member_id)
    shown = page_of(pieces, by=queries.NEWEST, asked=request.GET, size=A_PAGE)
    proposed = reviews.under_rejection(
        study_id=study_id, works=[(service.KIND, one.id) for one in shown]
    )
    rows = [
        (one, WhyHeld(one.why).label if one.why else "", (service.KIND, one.id) in proposed)
        for one in shown
    ]
    context = {
        "person": member,
        "held": held[0] if held else None,
        "page": replace(shown, object_list=rows),
        "until": queries.newest_end(study_id=study_id, member_id=member_id),
        "form": form,
        "decides": decides,
        "days": AUTO_APPROVAL.days,
    }
    status = 400 if form.errors else 200
    return render(request, "annotations/pay_check_person.html", context, status=status)


def _decided(request: StudyRequest, member_id: uuid.UUID, form: DecisionForm) -> bool:
    """Store the decision. Return False and add errors to the form if it is refused."""
    until = time_or_none(request.POST.get("until", "")) if "everything" in request.POST else None
    pieces = [id for one in request.POST.getlist("piece") if (id := uuid_or_none(one))]
    if not pieces and until is None:
        form.add_error(None, _("Choose at least one piece of work."))
        return False
    scope: dict[str, Any] = {
        "actor": request.actor,
        "study": request.member.study,
        "member_id": member_id,
        "reason": form.cleaned_data["reason"],
        "pieces": pieces,
        "until": until,
    }
    try:
        messages.success(request, _decide(form.cleaned_data, scope))
    except Invalid as refusal:
        for name, problems in refusal.fields.items():
            form.add_error(name, problems)
        return False
    except Conflict as refusal:
        form.add_error(None, refusal.title)
        return False
    return True


def _decide(chosen: Mapping[str, str], scope: Mapping[str, Any]) -> str:
    """Pay the work, or propose not to; return what to say about it."""
    if chosen["state"] == PayCheck.NOT_PAID:
        service.propose_not_to_pay(category=chosen["category"], **scope)
        return _("Proposed. Another coordinator has to confirm it; until then the pay stays held.")
    n = service.decide(state=chosen["state"], **scope)
    return ngettext("Decided on %(n)s piece.", "Decided on %(n)s pieces.", n) % {"n": n}
