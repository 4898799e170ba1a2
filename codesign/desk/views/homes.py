"""Home pages for each role, and the audit trail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.audit import queries as audit
from codesign.audit.registry import ACTIONS
from codesign.desk import rules
from codesign.desk.home import home_of
from codesign.desk.permissions import SEE_AUDIT
from codesign.enrolment import queries as enrolment
from codesign.shared.access import PUBLIC
from codesign.shared.actors import Actor
from codesign.shared.keyset import page_of
from codesign.studies import queries as studies
from codesign.studies.permissions import SEE_STUDY, StudyRequest, page

EVENTS_A_PAGE = 50


@page(PUBLIC)
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the right page: sign-in, the only study, a choice of studies, or an empty page.

    Open invitations come first, unless the person wants to decide later.
    """
    if not request.user.is_authenticated:
        return redirect("account_login")
    actor = Actor.of(request.user)
    if "later" not in request.GET and enrolment.invitations_to(actor=actor).exists():
        return redirect("enrolment:invitations")
    mine = [*studies.memberships(actor=actor), *studies.former_memberships(actor=actor)]
    if request.user.is_site_admin and not mine:
        return redirect("accounts:people")
    if len(mine) == 1 and not request.user.is_site_admin:
        return redirect("desk:study", slug=mine[0].study.slug)
    if not mine:
        return render(request, "desk/nothing.html", {"studies": studies.public_studies()})
    return render(request, "desk/choose.html", {"mine": mine})


@page(SEE_STUDY)
@never_cache
@require_safe
def study(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the home page for the person's roles in the study."""
    if request.member.left_at:
        return render(request, "desk/former.html", {"member": request.member})
    home = home_of(request.member)
    template = "desk/home_judging.html" if home.judges else "desk/home_staff.html"
    return render(request, template, {"home": home, "member": request.member})


@page(SEE_AUDIT)
@never_cache
@require_safe
def trail(request: StudyRequest, slug: str) -> HttpResponse:
    """Show everything that was done in the study, newest first. Read-only."""
    trail = audit.events_of(study_id=request.member.study_id)
    events = page_of(trail, by=["-id"], asked=request.GET, size=EVENTS_A_PAGE)
    who = studies.names_of_actors(
        study_id=request.member.study_id, user_ids={e.actor_id for e in events if e.actor_id}
    )
    rows = [
        {
            "event": event,
            "about": rules.about(event.about_kind, event.about_label),
            "details": rules.details_of(event.data),
            "says": ACTIONS.get(event.action).says if event.action in ACTIONS else event.action,
            "who": who.get(event.actor_id) if event.actor_id else None,
        }
        for event in events
    ]
    return render(request, "desk/trail.html", {"page": events, "rows": rows})
