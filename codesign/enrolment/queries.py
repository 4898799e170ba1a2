"""Reading the people and invitations of a study, for its coordinator."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from codesign.consent import queries as consent
from codesign.enrolment.models import Invitation, PlaceRequest
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies import queries as studies
from codesign.studies.models import Member


def people(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Return members with account, cohort and `consent_state`, staff last."""
    return consent.with_state(studies.members_of(study_id=study_id))


def member_in(*, study_id: uuid.UUID, member_id: uuid.UUID) -> Member:
    """Return one person of that study with their account. Raises NotFound."""
    members = studies.members_of(study_id=study_id).select_related("study").filter(id=member_id)
    member = members.first()
    if member is None:
        raise NotFound(_("This person is not in this study."))
    return member


def invitations_to(*, actor: Actor) -> QuerySet[Invitation]:
    """Return open invitations to the account's proven addresses, oldest first. One query."""
    proven = EmailAddress.objects.filter(
        user_id=actor.user_id, verified=True, email__iexact=OuterRef("email")
    )
    return (
        Invitation.objects.open()
        .filter(Exists(proven))
        .select_related("study", "cohort")
        .order_by("created_at")
    )


def waiting(*, study_id: uuid.UUID) -> QuerySet[Invitation]:
    """Return invitations that are not accepted yet, newest first."""
    return (
        Invitation.objects.open()
        .filter(study_id=study_id)
        .select_related("cohort")
        .order_by("-created_at")
    )


def place_requests(*, study_id: uuid.UUID) -> QuerySet[PlaceRequest]:
    """Return who asks to take part in a study, the oldest first."""
    return PlaceRequest.objects.filter(study_id=study_id).order_by("created_at", "id")


def address_of_request(*, study_id: uuid.UUID, request_id: uuid.UUID) -> str:
    """Return the address of a request to take part in that study; "" if there is none."""
    requests = PlaceRequest.objects.filter(study_id=study_id, id=request_id)
    return requests.values_list("email", flat=True).first() or ""


def waiting_by_cohort(*, study_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Return cohort id → number of invitations to it that are not accepted yet."""
    waiting = Invitation.objects.open().filter(study_id=study_id, cohort__isnull=False)
    return dict(waiting.values("cohort_id").annotate(n=Count("id")).values_list("cohort_id", "n"))


def invitation(*, study_id: uuid.UUID, invitation_id: uuid.UUID) -> Invitation:
    """Return one invitation of that study. Raises NotFound."""
    invitation = (
        Invitation.objects.select_related("study")
        .filter(study_id=study_id, id=invitation_id)
        .first()
    )
    if invitation is None:
        raise NotFound
    return invitation
