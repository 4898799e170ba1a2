"""All entries of a study's ledger, for its staff."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.compensation.permissions import REVIEW_WORK, SEE_PAY
from codesign.compensation.queries import ledger as queries
from codesign.compensation.queries import reviews
from codesign.shared.keyset import page_of
from codesign.studies.permissions import StudyRequest, page

ENTRIES_A_PAGE = 50


@page(SEE_PAY)
@never_cache
@require_safe
def entries(request: StudyRequest, slug: str) -> HttpResponse:
    """Show all credits and reversals of the study, newest first."""
    study_id = request.member.study_id
    legs = queries.entries_of_study(study_id=study_id)
    shown = page_of(legs, by=queries.NEWEST, asked=request.GET, size=ENTRIES_A_PAGE)
    states = reviews.states_of_legs(study_id=study_id, legs=shown)
    context = {
        "page": shown,
        "rows": [(leg, states.get(leg.transfer_id)) for leg in shown],
        "rejects": request.member.has_role(*REVIEW_WORK.roles),
    }
    return render(request, "compensation/entries.html", context)


@page(REVIEW_WORK)
@never_cache
@require_safe
def reverse_entry(request: StudyRequest, slug: str, transfer_id: uuid.UUID) -> HttpResponse:
    """Lead to the rejection of the work: nobody reverses a payment alone any more."""
    return redirect("compensation:reject", slug=slug, transfer_id=transfer_id)
