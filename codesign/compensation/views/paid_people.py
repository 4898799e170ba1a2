"""What each person of a study is owed, being sent and was paid, for its staff."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.compensation.permissions import SEE_PAY
from codesign.compensation.queries import payouts as queries
from codesign.compensation.queries.payout_methods import current_methods
from codesign.compensation.rules.payout_methods import MethodKind
from codesign.studies.permissions import StudyRequest, page

PEOPLE_A_PAGE = 50


@page(SEE_PAY)
@never_cache
@require_safe
def people(request: StudyRequest, slug: str) -> HttpResponse:
    """List people by code with their money, and whose method is missing. Shows no details."""
    found = queries.people(study_id=request.member.study_id)
    shown = Paginator(found, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    ids = [member.id for member in shown]
    money, methods = queries.money_of(member_ids=ids), current_methods(member_ids=ids)
    rows = [
        {
            "code": member.pseudonym,
            **_amounts(money.get(member.id, [])),
            "kind": MethodKind(methods[member.id].kind)
            if member.id in methods and methods[member.id].kind != MethodKind.NONE
            else None,
        }
        for member in shown
    ]
    return render(request, "compensation/people.html", {"page": shown, "rows": rows})


def _amounts(money: Sequence[queries.Money]) -> dict[str, list[tuple[str, int]]]:
    """Return each column of amounts as (currency, minor units)."""
    return {
        "owed": [(one.currency, one.owed) for one in money],
        "under_way": [(one.currency, one.under_way) for one in money],
        "paid": [(one.currency, one.paid) for one in money],
    }
