"""A person's own pay."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.compensation.permissions import SEE_OWN_PAY
from codesign.compensation.queries import ledger
from codesign.compensation.registry import BESIDE_PAY
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
    context = {
        "code": member.pseudonym,
        "beside": [panel for _name, find in BESIDE_PAY if (panel := find(member))],
        "balances": sorted(ledger.balances(member_id=member.id).items()),
        "page": page_of(legs, by=["-id"], asked=request.GET, size=ENTRIES_A_PAGE),
    }
    return render(request, "compensation/mine.html", context)
