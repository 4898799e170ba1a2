"""Reading what spans apps: the studies of a site with their coordinators."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Prefetch, QuerySet

from codesign.enrolment.models import Invitation
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound, NotPermitted
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role, StudyState


def studies_of_site(*, actor: Actor) -> QuerySet[Study]:
    """Every study, newest first, with its `coordinators` and those `invited`; three queries.

    For site admins, who hand studies over: nothing of what is done in them.
    """
    if not actor.is_site_admin:
        raise NotPermitted("Only a site admin may do this.")
    running = Member.objects.filter(
        left_at=None, user__is_active=True, roles__contains=[Role.COORDINATOR]
    )
    invited = Invitation.objects.filter(
        accepted_at=None, revoked_at=None, roles__contains=[Role.COORDINATOR]
    )
    return Study.objects.prefetch_related(
        Prefetch("members", running.select_related("user"), to_attr="coordinators"),
        Prefetch("invitations", invited.order_by("created_at"), to_attr="invited"),
    ).order_by("-created_at", "id")


def study_of_site(*, actor: Actor, slug: str) -> Study:
    """One of them."""
    study = studies_of_site(actor=actor).filter(slug=slug).first()
    if study is None:
        raise NotFound("There is no such study.")
    return study


def draft_like(*, actor: Actor, slug: str, email: str, said: Mapping[str, str]) -> Study | None:
    """A study in draft of which all this was said, and which was handed to that address."""
    alike = studies_of_site(actor=actor).filter(slug=slug, state=StudyState.DRAFT, **said)
    for study in alike:
        handed_to = {member.user.email for member in study.coordinators}  # type: ignore[attr-defined]
        handed_to |= {invitation.email for invitation in study.invited}  # type: ignore[attr-defined]
        if email.lower() in {address.lower() for address in handed_to}:
            return study
    return None
