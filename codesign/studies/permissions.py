"""Checking declared permissions; what each app's permissions need from a study."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from codesign.accounts.models import User
from codesign.audit import queries as audit
from codesign.shared.access import SIGNED_IN, SITE_ADMIN, Permission, Scope, declare
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound, NotPermitted
from codesign.shared.pages import PageView, turned_away
from codesign.shared.upload_handlers import takes_files
from codesign.studies.models import Member, Study
from codesign.studies.rules import BEFORE_ANYBODY, STAFF, Role, StudyState


class PageRequest(HttpRequest):
    """What a signed-in page gets: the account, and the actor that it is."""

    user: User
    actor: Actor


class StudyRequest(PageRequest):
    """What a study page gets beside: the membership that was checked."""

    member: Member


SEE_STUDY = Permission("studies.see", Scope.STUDY, frozenset(Role), kept=True)
MANAGE_PEOPLE = Permission("studies.manage_people", Scope.STUDY, frozenset({Role.COORDINATOR}))
RUN_STUDY = Permission("studies.run", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_HANDOVERS = Permission("studies.see_handovers", Scope.STUDY, STAFF)
OBJECT_TO_HANDOVER = Permission("studies.object_to_handover", Scope.STUDY, STAFF)
LIST_OWN = SIGNED_IN
MAKE_STUDIES = SITE_ADMIN


def page(permission: Permission, *, files: bool = False) -> Callable[[PageView], PageView]:
    """Declare and check the permission of a page; `files`: it takes files from whoever holds it.

    A study page takes `slug` and gets `request.member` (with its study and cohort), the very
    object that was checked. Who has no membership is told that there is nothing; who has one
    without the role is told that they may not.
    """

    def wrap(view: PageView) -> PageView:
        if files:
            view = csrf_exempt(takes_files(view))  # it checks the token itself, after this

        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if away := turned_away(request, permission):
                return away
            if permission.scope is Scope.STUDY:
                request.member = member_with(  # type: ignore[attr-defined]
                    Actor.of(request.user),  # type: ignore[arg-type]
                    permission,
                    slug=kwargs["slug"],
                )
            return view(request, *args, **kwargs)

        return declare(permission)(checked)

    return wrap


def membership(*, actor: Actor, slug: str) -> Member | None:
    """The actor's membership of a study, also a former one, with study and cohort; one query."""
    if actor.user_id is None:
        return None
    members = Member.objects.select_related("study", "cohort")
    return members.filter(user_id=actor.user_id, study__slug=slug).first()


def member_with(actor: Actor, permission: Permission, *, slug: str) -> Member:
    """The actor's membership of that study, which holds the permission; else a refusal."""
    member = membership(actor=actor, slug=slug)
    if member is None or (member.left_at and not (permission.kept and member.judges)):
        raise NotFound("There is no such study for you.")
    if not set(member.roles) & permission.roles:
        raise NotPermitted("Your role in this study does not include this.")
    return member


def require(actor: Actor, permission: Permission, study: Study) -> Member | None:
    """What a service calls: refuse unless the actor holds the permission in this study.

    The system holds every permission and has no membership (None).
    """
    if actor.is_system:
        return None
    return member_with(actor, permission, slug=study.slug)


def require_to_add(actor: Actor, study: Study, roles: Collection[str]) -> None:
    """Who adds people: the study's coordinators; a site admin the first of them, and nobody else.

    So a site admin makes studies and hands them over, and has no way into one that people are in
    already: that takes a handover (decision 0019).
    """
    if actor.is_site_admin and list(roles) == [Role.COORDINATOR] and is_untouched(study):
        return
    require(actor, MANAGE_PEOPLE, study)


def is_untouched(study: Study) -> bool:
    """Whether nobody has ever been in the study and nothing was done in it but to invite."""
    if study.state != StudyState.DRAFT or Member.objects.filter(study=study).exists():
        return False
    done = audit.events_of(study_id=study.id).order_by()
    return not done.exclude(action__in=BEFORE_ANYBODY).exists()


def is_run(study: Study) -> bool:
    """Whether a coordinator is in the study who can sign in."""
    return Member.objects.in_charge(Role.COORDINATOR).filter(study=study).exists()


def studies_where(actor: Actor, permission: Permission) -> list[uuid.UUID]:
    """Ids of the studies in which the actor holds the permission; refuses where there is none."""
    held = Member.objects.current().with_a_role(permission.roles)
    if actor.user_id and (
        ids := list(held.filter(user_id=actor.user_id).values_list("study_id", flat=True))
    ):
        return ids
    raise NotPermitted("You have no role in any study that includes this.")
