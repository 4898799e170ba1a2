"""Reading studies and memberships.

A query takes the actor, or the study or member that its caller has checked (decision 28).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import QuerySet

from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies.models import Cohort, Handover, Member, MemberQuerySet, Study
from codesign.studies.registry import PUBLISH_CHECKS, Found, Gap, PublishCheck
from codesign.studies.rules import JUDGING, STAFF, Role, StudyState


def memberships(*, actor: Actor) -> MemberQuerySet:
    """All memberships of the actor, oldest first."""
    if actor.user_id is None:
        return Member.objects.none()
    return (
        Member.objects.select_related("study", "cohort")
        .current()
        .filter(user_id=actor.user_id)
        .order_by("created_at", "id")
    )


def roles_held(actor: Actor) -> set[str]:
    """The roles that the actor holds in any study; one query."""
    found = memberships(actor=actor).order_by().values_list("roles", flat=True)
    return {role for roles in found for role in roles}


def works_with_programs(*, actor: Actor) -> bool:
    """Whether any of the actor's roles comes with programs that use the API: those of staff."""
    return memberships(actor=actor).with_a_role(STAFF).exists()


def former_memberships(*, actor: Actor) -> QuerySet[Member]:
    """Where the actor judged until they were taken out, and still sees what is theirs."""
    if actor.user_id is None:
        return Member.objects.none()
    return (
        Member.objects.select_related("study", "cohort")
        .former()
        .with_a_role(JUDGING)
        .filter(user_id=actor.user_id)
        .order_by("created_at", "id")
    )


def study_named(slug: str) -> Study:
    """A study by its slug, for commands and services that check the actor themselves."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise NotFound(f"There is no study called {slug}.")
    return study


def members_of(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Members of a study with account and cohort, for its coordinator."""
    return (
        Member.objects.current()
        .filter(study_id=study_id)
        .select_related("user", "cohort")
        .order_by("cohort__position", "created_at", "id")
    )


def in_charge(*, study_id: uuid.UUID, role: Role) -> QuerySet[Member]:
    """People with that staff role who are in the study and can sign in."""
    return Member.objects.in_charge(role).filter(study_id=study_id)


def cohorts_of(*, study_id: uuid.UUID) -> QuerySet[Cohort]:
    """The cohorts of a study in their order."""
    return Cohort.objects.filter(study_id=study_id)


def names_of_actors(
    *, study_id: uuid.UUID, user_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """user id → "coordinator abc123": role and pseudonym, never a name; one query."""
    members = Member.objects.filter(study_id=study_id, user_id__in=user_ids)
    return {
        m.user_id: f"{', '.join(str(Role(r).label) for r in m.roles)} {m.pseudonym}"
        for m in members
    }


def name_of_actor(*, study_id: uuid.UUID, user_id: uuid.UUID | None) -> str:
    """The same for one person; empty for the system and for people outside the study."""
    if user_id is None:
        return ""
    return names_of_actors(study_id=study_id, user_ids=[user_id]).get(user_id, "")


def member_of(*, study_id: uuid.UUID, user_id: uuid.UUID) -> Member | None:
    """Somebody's membership, for services that check the actor themselves."""
    return Member.objects.filter(study_id=study_id, user_id=user_id).first()


def cohort_in(*, study_id: uuid.UUID, cohort_id: uuid.UUID) -> Cohort:
    """One cohort of that study, with the study."""
    found = Cohort.objects.select_related("study").filter(study_id=study_id, id=cohort_id)
    cohort = found.first()
    if cohort is None:
        raise NotFound("There is no such cohort in this study.")
    return cohort


def staff_of(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Everybody who works on a study, with their account; those whose account is stopped too."""
    return (
        Member.objects.current()
        .with_a_role(STAFF)
        .filter(study_id=study_id)
        .select_related("user", "study")
        .order_by("created_at", "id")
    )


def places_on_staff(*, user_id: uuid.UUID) -> QuerySet[Member]:
    """Where somebody works on a study, for whoever changes their account."""
    return (
        Member.objects.current()
        .with_a_role(STAFF)
        .filter(user_id=user_id)
        .select_related("study")
        .order_by("created_at", "id")
    )


def who_handed_over(*, study_id: uuid.UUID, email: str) -> set[uuid.UUID]:
    """Who asked for the handover to that address, or approved it: never its coordinator by it."""
    found = Handover.objects.filter(study_id=study_id, email__iexact=email)
    pairs = found.values_list("requested_by_id", "decided_by_id")
    return {one for pair in pairs for one in pair if one}


def checked(study: Study) -> list[tuple[PublishCheck, Found]]:
    """Every publish check in its order, with what it finds in this study."""
    checks = sorted((check for _name, check in PUBLISH_CHECKS), key=lambda check: check.order)
    return [(check, check.look(study)) for check in checks]


def gaps_of(study: Study) -> list[Gap]:
    """Everything without which this study cannot open, in the order in which one mends it.

    A study that was open before is asked only for what it may have lost since.
    """
    before = study.state != StudyState.DRAFT
    return [
        gap for check, found in checked(study) if check.again or not before for gap in found.gaps
    ]
