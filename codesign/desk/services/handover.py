"""Handing a study that already has members to another coordinator (decision 0019).

A site admin requests it. Everybody concerned is told immediately. It takes effect after a waiting
time, or when a second site admin approves it, and ends if somebody objects.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import queries as accounts
from codesign.accounts import services as account_services
from codesign.accounts.models import User
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.desk import queries
from codesign.enrolment import services as enrolment
from codesign.enrolment.models import Invitation
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.shared.transition import Move, machine, transition
from codesign.studies import queries as studies
from codesign.studies.locks import lock_study
from codesign.studies.models import Handover, Member, Study
from codesign.studies.permissions import (
    OBJECT_TO_HANDOVER,
    is_run,
    is_untouched,
    require,
)
from codesign.studies.rules import HANDOVER_STATES, HandoverState, Role, approver_problem

ASKED = action("desk.handover_asked", gettext_lazy("requested a new coordinator for the study"))
APPROVED = action(
    "desk.handover_approved", gettext_lazy("approved a new coordinator for the study")
)
MOVED = action(
    "desk.handover_moved", gettext_lazy("ended a request for a new coordinator of the study")
)

RUN_AGAIN = gettext_lazy("A coordinator of the study can sign in again.")
TOLD_ASKED = gettext_lazy(
    "%(who)s, a site admin, requests that %(email)s becomes a coordinator of the study "
    "“%(title)s”. At the moment, no coordinator of the study can sign in.\n\n"
    "This takes effect on %(due)s (UTC) unless somebody objects before then. It takes effect "
    "earlier if a second site admin approves it.\n\n"
    "The staff of the study and other site admins can read the request and object here:\n\n"
    "%(url)s\n\n"
    "If you cannot sign in and think that this is wrong, please write to %(others)s now."
)
SUBJECT_ASKED = gettext_lazy("Request for a new coordinator of your study")
SUBJECT_ENDED = gettext_lazy("The request for a new coordinator has ended")
TOLD_ENDED = {
    HandoverState.DONE: gettext_lazy(
        "%(email)s now coordinates the study “%(title)s”, or is invited to, as requested by "
        "%(who)s. If you think that this is wrong, please write to %(others)s."
    ),
    HandoverState.OBJECTED: gettext_lazy(
        "Somebody objected, so %(email)s does not become a coordinator of the study “%(title)s”."
    ),
    HandoverState.WITHDRAWN: gettext_lazy(
        "%(who)s has withdrawn the request that %(email)s becomes a coordinator of the study "
        "“%(title)s”."
    ),
    HandoverState.ENDED: gettext_lazy(
        "%(email)s does not become a coordinator of the study “%(title)s”. %(why)s"
    ),
}


@transaction.atomic
def name_coordinator(*, actor: Actor, study: Study, email: str) -> Member | Invitation | Handover:
    """Hand over a new study immediately; request a handover if the study has had members.

    Never to the site admin who asks, as far as the database can tell that an address is theirs.
    """
    if not actor.is_site_admin or actor.user_id is None:
        raise NotPermitted(_("Only a site admin can do this."))
    study = lock_study(study_id=study.id)
    if is_run(study):
        raise Conflict(_("This study has a coordinator, who can add more."))
    if accounts.is_own(user_id=actor.user_id, email=email):
        raise _at_email(_("You cannot hand a study to yourself. Name somebody else."))
    if is_untouched(study):
        return enrolment.invite(actor=actor, study=study, email=email, roles=[Role.COORDINATOR])
    return _ask(actor, study, email.strip())


def _at_email(sentence: str) -> Invalid:
    return Invalid(sentence, {"email": [sentence]})


def _ask(actor: Actor, study: Study, email: str) -> Handover:
    if queries.handovers_of(study_id=study.id).waiting().exists():
        raise Conflict(_("There is already an open request for this study."))
    owner = accounts.user_by_email(email)
    if owner and (member := studies.member_of(study_id=study.id, user_id=owner.id)):
        if member.left_at is None and Role.COORDINATOR in member.roles:
            raise _at_email(
                _("This person coordinates the study already. Reactivate their account instead.")
            )
        if member.left_at is None:
            raise _at_email(_("This person has another role in the study. Name somebody else."))
    asked = Handover.objects.create(
        study=study,
        email=email,
        requested_by_id=actor.user_id,  # type: ignore[misc]
        due_at=timezone.now() + timedelta(hours=settings.HANDOVER_HOURS),
    )
    audit.record(
        actor=actor,
        action=ASKED,
        study_id=study.id,
        about=("handover", asked.id, ""),
        data={"due": asked.due_at.strftime("%Y-%m-%d %H:%M")},
    )
    _tell_all(asked, TOLD_ASKED, SUBJECT_ASKED)
    return asked


@transaction.atomic
def approve(*, actor: Actor, handover_id: uuid.UUID) -> Handover:
    """Let a request take effect now. Needs a second, sufficiently long-standing site admin."""
    _require_site_admin(actor)
    handover = _locked(handover_id)
    wait = handover.due_at - handover.created_at
    approver = accounts.account(actor=actor, user_id=actor.user_id)  # type: ignore[arg-type]
    problem = approver_problem(
        is_requester=actor.user_id == handover.requested_by_id,
        is_named=accounts.is_own(user_id=approver.id, email=handover.email),
        admin_for=handover.created_at - approver.joined_at,
        wait=wait,
        reopened=accounts.opened_since(user_id=approver.id, since=handover.created_at - wait),
    )
    if problem:
        raise NotPermitted(problem)
    HANDOVER_STATES.check(handover.state, HandoverState.DONE)
    if why := _hand_over(handover):
        raise Conflict(_("This is not possible. %(why)s") % {"why": why})
    audit.record(
        actor=actor,
        action=APPROVED,
        study_id=handover.study_id,
        about=("handover", handover.id, ""),
    )
    return _move(actor, handover, HandoverState.DONE)


@transaction.atomic
def object_to(*, actor: Actor, handover_id: uuid.UUID) -> Handover:
    """End a request: by the study's staff or by another site admin than the one who asked."""
    handover = _locked(handover_id)
    if not actor.is_site_admin:
        require(actor, OBJECT_TO_HANDOVER, handover.study)
    if actor.user_id == handover.requested_by_id:
        raise NotPermitted(_("You made this request yourself. You can withdraw it."))
    return _move(actor, handover, HandoverState.OBJECTED)


@transaction.atomic
def withdraw(*, actor: Actor, handover_id: uuid.UUID) -> Handover:
    """End a request: by the site admin who made it."""
    _require_site_admin(actor)
    handover = _locked(handover_id)
    if actor.user_id != handover.requested_by_id:
        raise NotPermitted(_("Somebody else made this request. You can object to it."))
    return _move(actor, handover, HandoverState.WITHDRAWN)


@transaction.atomic
def end_where_run() -> None:
    """End requests whose study has an active coordinator again, so that a wait starts afresh."""
    for handover_id in queries.handovers_to_decide():
        handover = _locked(handover_id)
        if handover.state == HandoverState.WAITING and is_run(handover.study):
            _move(SYSTEM, handover, HandoverState.ENDED, str(RUN_AGAIN))


def hand_over_due() -> int:
    """Let every request take effect whose waiting time has passed. Return the number ended.

    Each has its own transaction. A request that somebody is deciding at the moment is left to them.
    """
    return sum(_hand_over_one(handover_id) for handover_id in queries.handovers_to_decide())


@transaction.atomic
def _hand_over_one(handover_id: uuid.UUID) -> bool:
    handover = _locked(handover_id)
    if handover.state != HandoverState.WAITING or handover.due_at > timezone.now():
        return False
    why = _hand_over(handover)
    _move(SYSTEM, handover, HandoverState.ENDED if why else HandoverState.DONE, why)
    return True


def _hand_over(handover: Handover) -> str:
    """Make the person a coordinator, or invite them. Return why that is not possible, or ""."""
    asker = handover.requested_by
    if not (asker.is_active and asker.is_site_admin):
        return _("The account of the person who requested it was deactivated.")
    if is_run(handover.study):
        return str(RUN_AGAIN)
    if accounts.is_own(user_id=asker.id, email=handover.email):
        return _("The address belongs to the person who requested it.")
    try:
        with transaction.atomic():
            enrolment.invite(
                actor=SYSTEM,
                study=handover.study,
                email=handover.email,
                roles=[Role.COORDINATOR],
            )
    except (Conflict, Invalid) as refusal:
        return refusal.title
    return ""


def _require_site_admin(actor: Actor) -> None:
    if not actor.is_site_admin or actor.user_id is None:
        raise NotPermitted(_("Only a site admin can do this."))


def _locked(handover_id: uuid.UUID) -> Handover:
    """Return the request, locked with its study in the same order as when it is made."""
    handover = queries.handover(handover_id=handover_id)
    lock_study(study_id=handover.study_id)
    return (
        Handover.objects.select_for_update(of=("self",))
        .select_related("study", "requested_by")
        .get(id=handover.id)
    )


def _move(actor: Actor, handover: Handover, state: HandoverState, why: str = "") -> Handover:
    ended = {"ended_at": timezone.now(), "why": why, "decided_by_id": actor.user_id}
    transition(handover, to=state, actor=actor, changes=ended)
    _tell_all(handover, TOLD_ENDED[state], SUBJECT_ENDED)
    return handover


def _log(move: Move) -> None:
    audit.record(
        actor=move.actor,
        action=MOVED,
        study_id=move.row.study_id,
        about=("handover", move.row.id, ""),
        data={"from": move.old, "to": move.new},
    )


machine(Handover, HANDOVER_STATES, log=_log)


def _tell_all(handover: Handover, text: Promise, subject: Promise) -> None:
    """Mail the staff of the study and all site admins, including deactivated accounts.

    The requester is told only how it ended. Each person gets their own mail, with the address of
    the page that they can open.
    """
    study = handover.study
    admins = accounts.site_admins()
    if handover.state == HandoverState.WAITING:
        admins = admins.exclude(id=handover.requested_by_id)
    decide = reverse("desk:handover-decide", kwargs={"handover_id": handover.id})
    readers: dict[User, str] = dict.fromkeys(admins, decide)
    staff_page = reverse("desk:handovers", kwargs={"slug": study.slug})
    readers |= {member.user: staff_page for member in studies.staff_of(study_id=study.id)}
    others = [admin.email for admin in admins if admin.is_active]
    for reader, path in readers.items():
        write_to = [other for other in others if other != reader.email]
        with translation.override(accounts.language_of(reader)):
            body = str(text) % {
                "who": handover.requested_by.email,
                "email": handover.email,
                "title": study.title,
                "due": date_format(handover.due_at, "DATETIME_FORMAT"),
                "url": settings.SITE_URL + path,
                "others": ", ".join(write_to) or settings.DEFAULT_FROM_EMAIL,
                "why": handover.why,
            }
            account_services.send_mail(to=reader.email, subject=str(subject), body=body)
