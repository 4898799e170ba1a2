"""The budget of a study, for its staff."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.compensation.forms.budgets import BudgetForm
from codesign.compensation.permissions import SEE_PAY, SET_PAY
from codesign.compensation.queries import budgets as queries
from codesign.compensation.services import budgets
from codesign.shared.errors import Invalid, NotPermitted
from codesign.shared.forms import explain
from codesign.shared.money import format_money
from codesign.studies.permissions import StudyRequest, page

BUDGETS_A_PAGE = 20


@page(SEE_PAY)
@never_cache
@require_http_methods(["GET", "POST"])
def budget(request: StudyRequest, slug: str) -> HttpResponse:
    """Show what is spent, reserved and left, with a form for those who can set a budget."""
    study = request.member.study
    sets = request.member.has_role(*SET_PAY.roles)
    if request.method == "POST" and not sets:
        raise NotPermitted(_("You can view this page but not change anything."))
    form = BudgetForm(request.POST or None)
    if form.is_bound and form.is_valid():
        amount, currency = form.cleaned_data["amount_minor"], form.cleaned_data["currency"]
        try:
            budgets.set_budget(
                actor=request.actor, study=study, amount_minor=amount, currency=currency
            )
        except Invalid as refusal:
            explain(form, refusal)
        else:
            text = _("Saved: the study can spend %(amount)s on pay.")
            messages.success(request, text % {"amount": format_money(amount, currency)})
            return redirect("compensation:budget", slug=slug)
    context = {
        "form": form if sets else None,
        "funds": sorted(
            queries.funds_by_currency(study_id=study.id).values(), key=lambda one: one.currency
        ),
        "page": Paginator(queries.budgets_of(study_id=study.id), BUDGETS_A_PAGE).get_page(
            request.GET.get("page")
        ),
    }
    return render(request, "compensation/budget.html", context, status=400 if form.errors else 200)
