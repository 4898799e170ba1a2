"""Handover requests, for the staff of a study and for site admins."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from codesign.accounts.permissions import proven_lately
from codesign.audit.registry import ACTIONS
from codesign.desk import queries, rules
from codesign.desk.services import handover as services
from codesign.shared.keyset import page_of
from codesign.studies import queries as studies
from codesign.studies.permissions import (
    MAKE_STUDIES,
    OBJECT_TO_HANDOVER,
    SEE_HANDOVERS,
    PageRequest,
    StudyRequest,
    page,
)

EVENTS_A_PAGE = 50


@page(SEE_HANDOVERS)
@never_cache
@require_safe
def of_study(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the open request, with a way to object, and all changes of the study's staff."""
    study_id = request.member.study_id
    asked = queries.handovers_of(study_id=study_id)
    events = page_of(
        queries.changes_of_staff(study_id=study_id),
        by=["-id"],
        asked=request.GET,
        size=EVENTS_A_PAGE,
    )
    who = studies.names_of_actors(
        study_id=study_id, user_ids={e.actor_id for e in events if e.actor_id}
    )
    rows = [
        {
            "event": event,
            "about": rules.about(event.about_kind, event.about_label),
            "details": rules.details_of(event.data),
            "says": ACTIONS.get(event.action).says,
            "who": who.get(event.actor_id) if event.actor_id else None,
        }
        for event in events
    ]
    context = {
        "waiting": asked.waiting().first(),
        "may_object": request.member.has_role(*OBJECT_TO_HANDOVER.roles),
        "page": events,
        "rows": rows,
    }
    return render(request, "desk/handovers.html", context)


@page(OBJECT_TO_HANDOVER)
@require_POST
def object_in_study(request: StudyRequest, slug: str, handover_id: uuid.UUID) -> HttpResponse:
    """Object to a request, as a member of the study's staff."""
    services.object_to(actor=request.actor, handover_id=handover_id)
    messages.success(request, _("You have objected. The coordinators of the study do not change."))
    return redirect("desk:handovers", slug=slug)


@page(MAKE_STUDIES)
@never_cache
@require_safe
def decide(request: PageRequest, handover_id: uuid.UUID) -> HttpResponse:
    """Show a request and what this site admin can do about it."""
    asked = queries.handover_of_site(actor=request.actor, handover_id=handover_id)
    return render(request, "desk/handover.html", {"asked": asked})


@page(MAKE_STUDIES)
@require_POST
@proven_lately
def approve(request: PageRequest, handover_id: uuid.UUID) -> HttpResponse:
    """Let a request take effect now."""
    services.approve(actor=request.actor, handover_id=handover_id)
    messages.success(request, _("Approved. We are sending an e-mail to everybody concerned."))
    return redirect("desk:handover-decide", handover_id=handover_id)


@page(MAKE_STUDIES)
@require_POST
def end(request: PageRequest, handover_id: uuid.UUID) -> HttpResponse:
    """Withdraw one's own request, or object to somebody else's."""
    asked = queries.handover_of_site(actor=request.actor, handover_id=handover_id)
    own = asked.requested_by_id == request.actor.user_id
    do = services.withdraw if own else services.object_to
    do(actor=request.actor, handover_id=handover_id)
    messages.success(
        request, _("The request has ended. We are sending an e-mail to everybody concerned.")
    )
    return redirect("desk:handover-decide", handover_id=handover_id)
