"""Checking declared permissions against a person's roles in a study."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
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
    """The request of a signed-in page: the account and its actor."""

    user: User
    actor: Actor


class StudyRequest(PageRequest):
    """The request of a study page, with the membership that was checked."""

    member: Member


SEE_STUDY = Permission("studies.see", Scope.STUDY, frozenset(Role), kept=True)
MANAGE_PEOPLE = Permission("studies.manage_people", Scope.STUDY, frozenset({Role.COORDINATOR}))
RUN_STUDY = Permission("studies.run", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_HANDOVERS = Permission("studies.see_handovers", Scope.STUDY, STAFF)
OBJECT_TO_HANDOVER = Permission("studies.object_to_handover", Scope.STUDY, STAFF)
LIST_OWN = SIGNED_IN
MAKE_STUDIES = SITE_ADMIN


def page(permission: Permission, *, files: bool = False) -> Callable[[PageView], PageView]:
    """Declare and check the permission of a page. `files`: the page accepts file uploads.

    A study page takes `slug` and gets `request.member` (with study and cohort), the same object
    that was checked. A person without a membership gets 404; a member without the role gets 403.
    """

    def wrap(view: PageView) -> PageView:
        if files:
            view = csrf_exempt(takes_files(view))  # takes_files checks the token itself

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
    """Return the actor's membership of a study, even a former one, with study and cohort.

    One query.
    """
    if actor.user_id is None:
        return None
    members = Member.objects.select_related("study", "cohort")
    return members.filter(user_id=actor.user_id, study__slug=slug).first()


def member_with(actor: Actor, permission: Permission, *, slug: str) -> Member:
    """Return the actor's membership if it holds the permission; else raise a refusal."""
    member = membership(actor=actor, slug=slug)
    if member is None or (member.left_at and not (permission.kept and member.judges)):
        raise NotFound(_("This study does not exist, or you are not in it."))
    if not set(member.roles) & permission.roles:
        raise NotPermitted(_("Your role in this study does not include this."))
    return member


def require(actor: Actor, permission: Permission, study: Study) -> Member | None:
    """Raise a refusal unless the actor holds the permission in this study. For services.

    The system holds every permission and has no membership (None).
    """
    if actor.is_system:
        return None
    return member_with(actor, permission, slug=study.slug)


def require_to_add(actor: Actor, study: Study, roles: Collection[str]) -> None:
    """Allow the study's coordinators to add people, and a site admin to add the first coordinator.

    So a site admin can create studies and hand them over, but cannot enter a study that has had
    members without a handover (decision 0019).
    """
    if actor.is_site_admin and list(roles) == [Role.COORDINATOR] and is_untouched(study):
        return
    require(actor, MANAGE_PEOPLE, study)


def is_untouched(study: Study) -> bool:
    """Return whether a study has never had members and nothing but invitations has happened."""
    if study.state != StudyState.DRAFT or Member.objects.filter(study=study).exists():
        return False
    done = audit.events_of(study_id=study.id).order_by()
    return not done.exclude(action__in=BEFORE_ANYBODY).exists()


def is_run(study: Study) -> bool:
    """Return whether the study has a coordinator who can sign in."""
    return Member.objects.in_charge(Role.COORDINATOR).filter(study=study).exists()


def studies_where(actor: Actor, permission: Permission) -> list[uuid.UUID]:
    """Return ids of studies in which the actor holds the permission. Raises NotPermitted."""
    held = Member.objects.current().with_a_role(permission.roles)
    if actor.user_id and (
        ids := list(held.filter(user_id=actor.user_id).values_list("study_id", flat=True))
    ):
        return ids
    raise NotPermitted(_("You have no role in any study that includes this."))
