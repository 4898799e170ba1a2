"""The pay rates of a study, for its staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.compensation.forms.pay_rates import RateForm
from codesign.compensation.models import PayRate
from codesign.compensation.permissions import SEE_PAY, SET_PAY
from codesign.compensation.queries import pay_rates as queries
from codesign.compensation.queries.floors import floors_of
from codesign.compensation.queries.time_checks import latest_checks
from codesign.compensation.rules import pay_rates as rules
from codesign.compensation.rules.floors import Floor, refusal_words, warning_words
from codesign.compensation.services import pay_rates
from codesign.shared.errors import Invalid, NotPermitted
from codesign.shared.forms import explain
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page

RATES_A_PAGE = 50


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
    used = {rate.currency for rate in in_force.values()}
    floors = floors_of(study_id=study.id, currencies=used, on=timezone.now().date())
    took = latest_checks(study_id=study.id)
    context = {
        "form": form if sets else None,
        "now": [
            _row(cohort.title, in_force.get(cohort.id), floors) | {"took": took.get(cohort.id)}
            for cohort in cohorts
        ],
        "floors": floors,
        "page": Paginator(queries.rates(study_id=study.id), RATES_A_PAGE).get_page(
            request.GET.get("page")
        ),
    }
    return render(request, "compensation/rates.html", context, status=400 if form.errors else 200)


def _set(request: StudyRequest, form: RateForm) -> PayRate | None:
    try:
        return pay_rates.set_rate(
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


def _row(title: str, rate: PayRate | None, floors: Sequence[Floor]) -> dict[str, object]:
    """Return a cohort with its rate, hourly rate, and a warning if that is low."""
    if rate is None:
        return {"title": title, "rate": None}
    seconds = rate.estimated_seconds
    held = [floor for floor in floors if floor.currency == rate.currency]
    low = refusal_words(held, **_price(rate), estimated_seconds=seconds) or warning_words(
        held, **_price(rate), estimated_seconds=seconds
    )
    return {
        "title": title,
        "rate": rate,
        "hourly": rules.hourly_minor(amount_minor=rate.amount_minor, estimated_seconds=seconds),
        "low": low,
    }
