"""The people of a study: listing, inviting, removing; and answering an invitation."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from codesign.enrolment import queries, services
from codesign.enrolment.forms import AnswerForm, InviteForm
from codesign.enrolment.registry import COLUMNS
from codesign.shared.access import SIGNED_IN
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.pages import Question, ask_first, plain_page
from codesign.shared.sent_values import uuid_or_none
from codesign.studies import queries as studies
from codesign.studies import services as study_services
from codesign.studies.permissions import MANAGE_PEOPLE, PageRequest, StudyRequest, page

PEOPLE_A_PAGE = 100


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: StudyRequest, slug: str) -> HttpResponse:
    """List everybody by cohort with their consent state, and invite one more."""
    study = request.member.study
    form = InviteForm(
        request.POST or None,
        cohorts=studies.cohorts_of(study_id=study.id),
        initial={"email": _asks(request)},
    )
    if form.is_bound and form.is_valid() and _added(request, form):
        return redirect("enrolment:people", slug=slug)
    number = request.GET.get("page")
    members = Paginator(queries.people(study_id=study.id), PEOPLE_A_PAGE).get_page(number)
    judging = [member.id for member in members if member.judges]
    columns = [(column.title, column.find(judging)) for _name, column in COLUMNS]
    rows = [
        (member, [(title, cells.get(member.id, "")) for title, cells in columns])
        for member in members
    ]
    context = {
        "form": form,
        "page": members,
        "rows": rows,
        "requests": Paginator(queries.place_requests(study_id=study.id), PEOPLE_A_PAGE).get_page(
            request.GET.get("requests")
        ),
        "columns": [title for title, _cells in columns],
        "waiting": Paginator(queries.waiting(study_id=study.id), PEOPLE_A_PAGE).get_page(
            request.GET.get("waiting")
        ),
    }
    return render(request, "enrolment/people.html", context, status=400 if form.errors else 200)


def _asks(request: StudyRequest) -> str:
    """Return the address of the request that the coordinator answers, or ""."""
    request_id = uuid_or_none(request.GET.get("request"))
    if request_id is None:
        return ""
    study_id = request.member.study_id
    return queries.address_of_request(study_id=study_id, request_id=request_id)


def _added(request: StudyRequest, form: InviteForm) -> bool:
    roles, cohort = form.chosen
    email = form.cleaned_data["email"]
    try:
        services.invite(
            actor=request.actor,
            study=request.member.study,
            email=email,
            roles=roles,
            cohort=cohort,
        )
    except (Conflict, Invalid) as refusal:
        explain(form, refusal)
        return False
    messages.success(request, _("%(email)s is invited and joins by accepting.") % {"email": email})
    return True


@plain_page(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
def invitations(request: PageRequest) -> HttpResponse:
    """Show my open invitations, to accept or decline."""
    form = AnswerForm(request.POST or None)
    if form.is_bound and form.is_valid():
        return _answered(request, form)
    mine = queries.invitations_to(actor=request.actor)
    if not mine:
        return redirect("desk:home")
    return render(request, "enrolment/invitations.html", {"invitations": mine})


def _answered(request: PageRequest, form: AnswerForm) -> HttpResponse:
    chosen = form.cleaned_data["invitation"]
    try:
        if form.cleaned_data["answer"] == form.JOIN:
            member = services.accept(user=request.user, invitation_id=chosen)
            return redirect("desk:study", slug=member.study.slug)
        services.decline(user=request.user, invitation_id=chosen)
    except Conflict as refusal:
        messages.error(request, refusal.title)
    else:
        messages.success(request, _("You have declined this invitation."))
    return redirect("enrolment:invitations")


@page(MANAGE_PEOPLE)
@require_POST
def dismiss(request: StudyRequest, slug: str, request_id: uuid.UUID) -> HttpResponse:
    """Delete a request to take part."""
    services.dismiss(actor=request.actor, study=request.member.study, request_id=request_id)
    messages.success(request, _("The request was removed."))
    return redirect("enrolment:people", slug=slug)


@page(MANAGE_PEOPLE)
@require_POST
def revoke(request: StudyRequest, slug: str, invitation_id: uuid.UUID) -> HttpResponse:
    """Revoke an invitation."""
    invitation = queries.invitation(study_id=request.member.study_id, invitation_id=invitation_id)
    services.revoke(actor=request.actor, invitation=invitation)
    messages.success(request, _("The invitation was revoked."))
    return redirect("enrolment:people", slug=slug)


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def remove(request: StudyRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation, then remove a person from the study."""
    member = queries.member_in(study_id=request.member.study_id, member_id=member_id)
    if request.method == "POST":
        study_services.remove_member(actor=request.actor, member=member)
        messages.success(
            request, _("%(email)s is no longer in the study.") % {"email": member.user.email}
        )
        return redirect("enrolment:people", slug=slug)
    points = [_("They lose access to the study.")]
    if member.judges:
        points = [
            _("They get no more texts. A text that they have open is returned."),
            _("Their answers stay in use as they agreed. They can still withdraw them."),
            _("They keep what they have earned and can still see it."),
        ]
    question = Question(
        heading=_("Remove %(email)s from the study?") % {"email": member.user.email},
        points=[*points, _("You can add them again.")],
        button=_("Remove from the study"),
        back=reverse("enrolment:people", kwargs={"slug": slug}),
    )
    return ask_first(request, question)
