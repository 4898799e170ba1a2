"""All entries of a study's ledger, for its staff."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.compensation.forms import ReasonForm
from codesign.compensation.permissions import SEE_PAY, SET_PAY
from codesign.compensation.queries import ledger as queries
from codesign.compensation.services import ledger
from codesign.shared.keyset import page_of
from codesign.shared.money import format_money
from codesign.shared.pages import Question, ask_first
from codesign.studies.permissions import StudyRequest, page

ENTRIES_A_PAGE = 50


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
        ledger.reverse(
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
