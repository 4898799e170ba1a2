"""Reading what spans apps: the studies of a site with their coordinators."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from codesign.enrolment.models import Invitation
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound, NotPermitted
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role


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
