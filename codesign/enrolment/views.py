"""Who is in the study, inviting somebody, taking somebody out; answering an invitation."""

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
from codesign.studies import queries as studies
from codesign.studies import services as study_services
from codesign.studies.permissions import MANAGE_PEOPLE, PageRequest, StudyRequest, page

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
    found = Paginator(queries.people(study_id=study.id), PEOPLE_A_PAGE).get_page(number)
    judging = [member.id for member in found if member.judges]
    columns = [(column.title, column.find(judging)) for _name, column in COLUMNS]
    rows = [
        (member, [(title, said.get(member.id, "")) for title, said in columns]) for member in found
    ]
    seen = {
        "form": form,
        "page": found,
        "rows": rows,
        "columns": [title for title, _said in columns],
        "waiting": Paginator(queries.waiting(study_id=study.id), PEOPLE_A_PAGE).get_page(
            request.GET.get("waiting")
        ),
    }
    return render(request, "enrolment/people.html", seen, status=400 if form.errors else 200)


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
    messages.success(request, _("%(email)s is invited, and joins by accepting.") % {"email": email})
    return True


@plain_page(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
def invitations(request: PageRequest) -> HttpResponse:
    """What I am invited to: join, or say no."""
    form = AnswerForm(request.POST or None)
    if form.is_bound and form.is_valid():
        return _answered(request, form)
    found = queries.invitations_to(actor=request.actor)
    if not found:
        return redirect("desk:home")
    return render(request, "enrolment/invitations.html", {"invitations": found})


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
        messages.success(request, _("You have said no to this invitation."))
    return redirect("enrolment:invitations")


@page(MANAGE_PEOPLE)
@require_POST
def revoke(request: StudyRequest, slug: str, invitation_id: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = queries.invitation(study_id=request.member.study_id, invitation_id=invitation_id)
    services.revoke(actor=request.actor, invitation=invitation)
    messages.success(request, _("The invitation was taken back."))
    return redirect("enrolment:people", slug=slug)


@page(MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def remove(request: StudyRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    """Ask, and take a person out of the study."""
    member = queries.member_in(study_id=request.member.study_id, member_id=member_id)
    if request.method == "POST":
        study_services.remove_member(actor=request.actor, member=member)
        messages.success(
            request, _("%(email)s is not in the study any more.") % {"email": member.user.email}
        )
        return redirect("enrolment:people", slug=slug)
    points = [_("They see nothing of the study's work any more.")]
    if member.judges:
        points = [
            _("They are given no more texts. One that is open goes back."),
            _("What they sent stays in use as they agreed; they can still take that back."),
            _("What they have earned stays theirs, and they still see it."),
        ]
    question = Question(
        heading=_("Take %(email)s out of the study?") % {"email": member.user.email},
        points=[*points, _("You can add them again.")],
        button=_("Take out of the study"),
        back=reverse("enrolment:people", kwargs={"slug": slug}),
    )
    return ask_first(request, question)
