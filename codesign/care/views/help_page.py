"""The Help page: public, and linked in the same place on every page (standards 4.7)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from codesign.care.queries import help_page as queries
from codesign.care.queries.emergency import emergency_table, numbers_for
from codesign.care.registry import way_to_stop
from codesign.shared.access import PUBLIC
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.logs import unlogged
from codesign.shared.pages import own_address
from codesign.studies import queries as studies
from codesign.studies.permissions import page


@unlogged
@page(PUBLIC)
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Show what to do now, whom to call and, if signed in, whom to write to."""
    user = request.user if request.user.is_authenticated else None
    actor = Actor.of(user) if user else SYSTEM
    back = own_address(request.GET.get("next", ""))
    countries = queries.countries_for(actor=actor, language=get_language() or "")
    numbers = numbers_for(
        actor=actor, language=get_language() or "", zone=user.timezone if user else ""
    )
    context = {
        "numbers": numbers,
        "own_numbers": [one for one in numbers if one.own],
        "numbers_from": emergency_table(),
        "back": back,
        "stop": way_to_stop(back) if back and user else "",
        "parts": queries.help_parts(),
        "own": [country for country in countries if not country.example],
        "examples": [country for country in countries if country.example],
        "studies": [member.study for member in studies.memberships(actor=actor)],
    }
    return render(request, "care/help.html", context)
