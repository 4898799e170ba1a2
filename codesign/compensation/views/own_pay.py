"""A person's own pay."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.compensation.permissions import SEE_OWN_PAY
from codesign.compensation.queries import ledger, payouts, rejections, reviews
from codesign.compensation.queries.payout_methods import own_method
from codesign.compensation.queries.time_checks import percent_longer
from codesign.compensation.registry import BESIDE_PAY
from codesign.compensation.rules.ledger import TransferKind
from codesign.shared.keyset import page_of
from codesign.studies.permissions import StudyRequest, page

ENTRIES_A_PAGE = 50


@page(SEE_OWN_PAY)
@never_cache
@require_safe
def mine(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the balance and all payments, newest first."""
    member = request.member
    legs = ledger.entries(member_id=member.id)
    shown = page_of(legs, by=["-id"], asked=request.GET, size=ENTRIES_A_PAGE)
    states = reviews.states_of_legs(study_id=member.study_id, legs=shown)
    checks = {
        leg.transfer.about_id for leg in shown if leg.transfer.kind == TransferKind.ADJUSTMENT
    }
    context = {
        "longer": percent_longer(study_id=member.study_id, check_ids=checks) if checks else {},
        "code": member.pseudonym,
        "beside": [panel for _name, find in BESIDE_PAY if (panel := find(member))],
        "own": payouts.own_pay(member_id=member.id),
        "method": own_method(member=member),
        "rejections": rejections.of_person(actor=request.actor, member=member),
        "page": shown,
        "rows": [(leg, states.get(leg.transfer_id)) for leg in shown],
    }
    return render(request, "compensation/mine.html", context)
