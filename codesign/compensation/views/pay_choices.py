"""How a person wants to be paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.compensation.forms.pay_choices import PayChoiceForm
from codesign.compensation.models import PayChoice
from codesign.compensation.permissions import CHOOSE_PAY
from codesign.compensation.queries import pay_rates
from codesign.compensation.queries.pay_choices import choice_of
from codesign.compensation.rules.pay_choices import ALL, CapPeriod, share_of
from codesign.compensation.services import pay_choices
from codesign.shared.errors import Invalid
from codesign.shared.forms import explain
from codesign.shared.money import exponent
from codesign.studies.permissions import StudyRequest, page


@page(CHOOSE_PAY)
@never_cache
@require_http_methods(["GET", "POST"])
def choices(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and store how much of the pay a person takes, and their own limit."""
    member = request.member
    rate = (
        pay_rates.rate_in_force(cohort_id=member.cohort_id, at=timezone.now())
        if member.cohort_id
        else None
    )
    choice = choice_of(member=member)
    currency = rate.currency if rate else ""
    form = PayChoiceForm(
        request.POST or None, currency=currency, initial=_initial(choice, currency)
    )
    if rate and form.is_bound and form.is_valid():
        period = form.cleaned_data["period"]
        try:
            pay_choices.choose(
                actor=request.actor,
                slug=slug,
                share_percent=form.cleaned_data["share"],
                cap_minor=form.cleaned_data["cap_minor"],
                cap_period=CapPeriod(period) if period else None,
            )
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("Saved. You can change this at any time."))
            return redirect("compensation:choices", slug=slug)
    share = choice.share_percent if choice else ALL
    context = {
        "form": form if rate else None,
        "rate": rate,
        "own": share_of(rate.amount_minor, percent=share) if rate else 0,
    }
    return render(request, "compensation/choices.html", context, status=400 if form.errors else 200)


def _initial(choice: PayChoice | None, currency: str) -> dict[str, Any]:
    """Return what the form shows. A limit counts only in the currency of the rate."""
    if choice is None:
        return {"share": ALL, "period": CapPeriod.WEEK}
    return {
        "share": choice.share_percent,
        "cap": _typed(choice) if choice.cap_currency == currency else "",
        "period": choice.cap_period or CapPeriod.WEEK,
    }


def _typed(choice: PayChoice) -> str:
    """Return the limit as a person types it, without grouping."""
    if choice.cap_minor is None:
        return ""
    return str(Decimal(choice.cap_minor).scaleb(-exponent(choice.cap_currency)))
