"""Reading studies and memberships. Each query takes the actor, or says who may call it."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies.models import Cohort, Handover, Member, MemberQuerySet, Study
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck
from codesign.studies.rules import JUDGING, STAFF, Role, StudyState


def memberships(*, actor: Actor) -> MemberQuerySet:
    """Return the actor's memberships, oldest first."""
    if actor.user_id is None:
        return Member.objects.none()
    return (
        Member.objects.select_related("study", "cohort")
        .current()
        .filter(user_id=actor.user_id)
        .order_by("created_at", "id")
    )


def roles_held(actor: Actor) -> set[str]:
    """Return the roles that the actor holds in any study. One query."""
    memberships_roles = memberships(actor=actor).order_by().values_list("roles", flat=True)
    return {role for roles in memberships_roles for role in roles}


def works_with_programs(*, actor: Actor) -> bool:
    """Return whether any of the actor's roles uses the API with programs: the staff roles."""
    return memberships(actor=actor).with_a_role(STAFF).exists()


def former_memberships(*, actor: Actor) -> QuerySet[Member]:
    """Return studies from which the actor was removed as a panelist or clinician.

    They can still see what is theirs.
    """
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
    """Return a study by slug, for commands and services that check the actor. Raises NotFound."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise NotFound(_("There is no study called %(slug)s.") % {"slug": slug})
    return study


def public_studies() -> QuerySet[Study]:
    """Return the open studies that anybody may read about, in the order of their names."""
    return Study.objects.filter(is_public=True, state=StudyState.OPEN).order_by("title", "id")


def members_of(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Return the members of a study with account and cohort, for its coordinator."""
    return (
        Member.objects.current()
        .filter(study_id=study_id)
        .select_related("user", "cohort")
        .order_by("cohort__position", "created_at", "id")
    )


def in_charge(*, study_id: uuid.UUID, role: Role) -> QuerySet[Member]:
    """Return members with that staff role who can sign in."""
    return Member.objects.in_charge(role).filter(study_id=study_id)


def cohorts_of(*, study_id: uuid.UUID) -> QuerySet[Cohort]:
    """Return the cohorts of a study in their order."""
    return Cohort.objects.filter(study_id=study_id)


def names_of_actors(
    *, study_id: uuid.UUID, user_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """Return user id → "coordinator abc123": role and pseudonym, never a name. One query."""
    members = Member.objects.filter(study_id=study_id, user_id__in=user_ids)
    return {
        m.user_id: f"{', '.join(str(Role(r).label) for r in m.roles)} {m.pseudonym}"
        for m in members
    }


def name_of_actor(*, study_id: uuid.UUID, user_id: uuid.UUID | None) -> str:
    """Return role and pseudonym of one person; "" for the system and people outside the study."""
    if user_id is None:
        return ""
    return names_of_actors(study_id=study_id, user_ids=[user_id]).get(user_id, "")


def member_of(*, study_id: uuid.UUID, user_id: uuid.UUID) -> Member | None:
    """Return a person's membership, for services that check the actor."""
    return Member.objects.filter(study_id=study_id, user_id=user_id).first()


def cohort_in(*, study_id: uuid.UUID, cohort_id: uuid.UUID) -> Cohort:
    """Return one cohort of that study, with the study. Raises NotFound."""
    cohorts = Cohort.objects.select_related("study").filter(study_id=study_id, id=cohort_id)
    cohort = cohorts.first()
    if cohort is None:
        raise NotFound(_("This study has no such cohort."))
    return cohort


def staff_of(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Return the staff of a study with their accounts, including deactivated ones."""
    return (
        Member.objects.current()
        .with_a_role(STAFF)
        .filter(study_id=study_id)
        .select_related("user", "study")
        .order_by("created_at", "id")
    )


def places_on_staff(*, user_id: uuid.UUID) -> QuerySet[Member]:
    """Return the studies whose staff a person belongs to, for services that change accounts."""
    return (
        Member.objects.current()
        .with_a_role(STAFF)
        .filter(user_id=user_id)
        .select_related("study")
        .order_by("created_at", "id")
    )


def who_handed_over(*, study_id: uuid.UUID, email: str) -> set[uuid.UUID]:
    """Return who requested or approved the handover to that address; they cannot accept it."""
    handovers = Handover.objects.filter(study_id=study_id, email__iexact=email)
    pairs = handovers.values_list("requested_by_id", "decided_by_id")
    return {user_id for pair in pairs for user_id in pair if user_id}


def checked(study: Study) -> list[tuple[PublishCheck, CheckResult]]:
    """Return every publish check in order, with its result for this study."""
    checks = sorted((check for _name, check in PUBLISH_CHECKS), key=lambda check: check.order)
    return [(check, check.look(study)) for check in checks]


def gaps_of(study: Study) -> list[Gap]:
    """Return everything that keeps this study from opening, in the order in which to fix it.

    A study that was open before is only checked for what may have been lost since.
    """
    before = study.state != StudyState.DRAFT
    return [
        gap for check, result in checked(study) if check.again or not before for gap in result.gaps
    ]
