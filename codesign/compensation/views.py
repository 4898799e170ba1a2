"""A person's own pay; rates and all payments of a study for its staff."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.compensation import queries, rules, services
from codesign.compensation.forms import RateForm, ReasonForm
from codesign.compensation.models import PayRate
from codesign.compensation.permissions import SEE_OWN_PAY, SEE_PAY, SET_PAY
from codesign.compensation.registry import BESIDE_PAY
from codesign.shared.errors import Invalid, NotPermitted
from codesign.shared.forms import explain
from codesign.shared.keyset import page_of
from codesign.shared.money import format_money
from codesign.shared.pages import Question, ask_first
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page

ENTRIES_A_PAGE = 50


@page(SEE_OWN_PAY)
@never_cache
@require_safe
def mine(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the balance and all payments, newest first."""
    member = request.member
    legs = queries.entries(member_id=member.id)
    context = {
        "code": member.pseudonym,
        "beside": [panel for _name, find in BESIDE_PAY if (panel := find(member))],
        "balances": sorted(queries.balances(member_id=member.id).items()),
        "page": page_of(legs, by=["-id"], asked=request.GET, size=ENTRIES_A_PAGE),
    }
    return render(request, "compensation/mine.html", context)


@page(SEE_PAY)
@never_cache
@require_http_methods(["GET", "POST"])
def rates(request: StudyRequest, slug: str) -> HttpResponse:
    """Show each cohort's current and earlier rates, with a form for those who can change them."""
    study = request.member.study
    sets = request.member.has_role(*SET_PAY.roles)
    if request.method == "POST" and not sets:
        raise NotPermitted(_("You can view this page but not change anything."))
    cohorts = list(studies.cohorts_of(study_id=study.id))
    form = RateForm(request.POST or None, cohorts=cohorts)
    if form.is_bound and form.is_valid() and (rate := _set(request, form)):
        text = _("Saved: %(price)s. This rate applies to every text opened from now on.")
        messages.success(request, text % {"price": rules.price_words(**_price(rate))})
        return redirect("compensation:rates", slug=slug)
    in_force = queries.rates_in_force(study_id=study.id, at=timezone.now())
    context = {
        "form": form if sets else None,
        "now": [_row(cohort.title, in_force.get(cohort.id)) for cohort in cohorts],
        "page": Paginator(queries.rates(study_id=study.id), ENTRIES_A_PAGE).get_page(
            request.GET.get("page")
        ),
    }
    return render(request, "compensation/rates.html", context, status=400 if form.errors else 200)


def _set(request: StudyRequest, form: RateForm) -> PayRate | None:
    try:
        return services.set_rate(
            actor=request.actor,
            cohort=form.cohorts[form.cleaned_data["cohort"]],
            amount_minor=form.cleaned_data["amount_minor"],
            currency=form.cleaned_data["currency"],
            estimated_seconds=form.cleaned_data["estimated_seconds"],
        )
    except Invalid as refusal:
        explain(form, refusal)
        return None


def _price(rate: PayRate) -> dict[str, Any]:
    return {"amount_minor": rate.amount_minor, "currency": rate.currency}


def _row(title: str, rate: PayRate | None) -> dict[str, object]:
    """Return a cohort with its rate, hourly rate, and a warning if that is low."""
    if rate is None:
        return {"title": title, "rate": None}
    seconds = rate.estimated_seconds
    return {
        "title": title,
        "rate": rate,
        "hourly": rules.hourly_minor(amount_minor=rate.amount_minor, estimated_seconds=seconds),
        "low": rules.low_pay_words(**_price(rate), estimated_seconds=seconds),
    }


@page(SEE_PAY)
@never_cache
@require_safe
def entries(request: StudyRequest, slug: str) -> HttpResponse:
    """Show all credits and reversals of the study, newest first."""
    legs = queries.entries_of_study(study_id=request.member.study_id)
    context = {
        "page": page_of(legs, by=queries.NEWEST, asked=request.GET, size=ENTRIES_A_PAGE),
        "sets": request.member.has_role(*SET_PAY.roles),
    }
    return render(request, "compensation/entries.html", context)


@page(SET_PAY)
@never_cache
@require_http_methods(["GET", "POST"])
def reverse_entry(request: StudyRequest, slug: str, transfer_id: uuid.UUID) -> HttpResponse:
    """Ask for a reason, then reverse a credit with an opposite entry. Both stay visible."""
    leg = queries.credit_in(study_id=request.member.study_id, transfer_id=transfer_id)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        services.reverse(
            actor=request.actor, transfer=leg.transfer, reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("Reversed. Both entries stay in the ledger."))
        return redirect("compensation:entries", slug=slug)
    amount = format_money(leg.amount_minor, leg.currency)
    question = Question(
        heading=_("Reverse the payment of %(amount)s to %(person)s?")
        % {"amount": amount, "person": leg.account.owner_label},
        points=[
            _("A second entry of −%(amount)s is added. This entry stays.") % {"amount": amount},
            _("The person sees both entries, and that the first one was reversed."),
            _("You cannot undo this, because the same work is credited only once."),
        ],
        button=_("Reverse the payment"),
        back=reverse("compensation:entries", kwargs={"slug": slug}),
    )
    return ask_first(request, question, form)
