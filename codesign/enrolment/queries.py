"""Reading who is in a study and who is invited; for its coordinator."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, OuterRef, QuerySet

from codesign.consent import queries as consent
from codesign.enrolment.models import Invitation
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies import queries as studies
from codesign.studies.models import Member


def people(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Members with account, cohort and `consent_state`, staff last."""
    return consent.with_state(studies.members_of(study_id=study_id))


def member_in(*, study_id: uuid.UUID, member_id: uuid.UUID) -> Member:
    """One person of that study, with their account."""
    found = studies.members_of(study_id=study_id).select_related("study").filter(id=member_id)
    member = found.first()
    if member is None:
        raise NotFound("There is no such person in this study.")
    return member


def invitations_to(*, actor: Actor) -> QuerySet[Invitation]:
    """Open invitations to an address that the actor has proven, oldest first; one query."""
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
    """Invitations that nobody has accepted yet, newest first."""
    return (
        Invitation.objects.open()
        .filter(study_id=study_id)
        .select_related("cohort")
        .order_by("-created_at")
    )


def waiting_by_cohort(*, study_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """cohort id → invitations to it that nobody has accepted yet."""
    waiting = Invitation.objects.open().filter(study_id=study_id, cohort__isnull=False)
    return dict(waiting.values("cohort_id").annotate(n=Count("id")).values_list("cohort_id", "n"))


def invitation(*, study_id: uuid.UUID, invitation_id: uuid.UUID) -> Invitation:
    """One invitation of that study."""
    found = (
        Invitation.objects.select_related("study")
        .filter(study_id=study_id, id=invitation_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found
