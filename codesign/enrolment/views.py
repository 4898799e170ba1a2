"""Who is in the study, and adding somebody."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from codesign.enrolment import queries, services
from codesign.enrolment.forms import InviteForm
from codesign.shared.errors import Conflict, Invalid
from codesign.studies import queries as studies
from codesign.studies.models import Member
from codesign.studies.permissions import MANAGE_PEOPLE, StudyRequest, page

PEOPLE_A_PAGE = 100


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: StudyRequest, slug: str) -> HttpResponse:
    """Everybody by cohort, with where they stand; a form to add one more."""
    study = request.member.study
    form = InviteForm(request.POST or None, cohorts=studies.cohorts_of(study_id=study.id))
    if form.is_bound and form.is_valid() and _added(request, form):
        return redirect("enrolment:people", slug=slug)
    number = request.GET.get("page")
    seen = {
        "form": form,
        "page": Paginator(queries.people(study_id=study.id), PEOPLE_A_PAGE).get_page(number),
        "waiting": Paginator(queries.waiting(study_id=study.id), PEOPLE_A_PAGE).get_page(
            request.GET.get("waiting")
        ),
    }
    return render(request, "enrolment/people.html", seen, status=400 if form.errors else 200)


def _added(request: StudyRequest, form: InviteForm) -> bool:
    roles, cohort = form.chosen
    email = form.cleaned_data["email"]
    try:
        made = services.invite(
            actor=request.actor,
            study=request.member.study,
            email=email,
            roles=roles,
            cohort=cohort,
        )
    except (Conflict, Invalid) as refusal:
        form.add_error(None, refusal.title)
        return False
    if isinstance(made, Member):
        messages.success(request, _("%(email)s is in the study now.") % {"email": email})
    else:
        messages.success(
            request,
            _("%(email)s is invited, and joins once they have an account.") % {"email": email},
        )
    return True


@page(MANAGE_PEOPLE)
@require_POST
def revoke(request: StudyRequest, slug: str, invitation_id: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = queries.invitation(study_id=request.member.study_id, invitation_id=invitation_id)
    services.revoke(actor=request.actor, invitation=invitation)
    messages.success(request, _("The invitation was taken back."))
    return redirect("enrolment:people", slug=slug)
