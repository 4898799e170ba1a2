"""Inviting people, accepting, declining and revoking invitations."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import queries as accounts
from codesign.accounts import services as account_services
from codesign.accounts.models import User
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.consent import queries as consent
from codesign.consent.queries import ConsentState
from codesign.enrolment import queries
from codesign.enrolment.models import Invitation, PlaceRequest
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.studies import queries as studies
from codesign.studies import rules
from codesign.studies import services as study_services
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.permissions import MANAGE_PEOPLE, require, require_to_add

INVITED = action("enrolment.invited", gettext_lazy("invited a person to the study"))
ACCEPTED = action("enrolment.accepted", gettext_lazy("accepted an invitation to the study"))
REVOKED = action("enrolment.revoked", gettext_lazy("revoked an invitation"))
ASKED = action("enrolment.place_asked", gettext_lazy("received a request to take part"))
DISMISSED = action("enrolment.place_dismissed", gettext_lazy("dismissed a request to take part"))
DECLINED = action("enrolment.declined", gettext_lazy("declined an invitation"))


MOST_REQUESTS = 500
"""Requests to take part that wait in one study. Further ones are not stored."""


def _one_at_a_time(email: str) -> None:
    """Serialise inviting and proving an address until the transaction ends.

    Otherwise somebody could prove the address between our read and our write, and the invitation
    would never be accepted.
    """
    lock_until_commit(Lock.INVITE, email.lower())


@transaction.atomic
def invite(
    *,
    actor: Actor,
    study: Study,
    email: str,
    roles: Iterable[str],
    cohort: Cohort | None = None,
) -> Member | Invitation:
    """Invite the owner of an address. They join by accepting, with their account or a new one.

    The row, the response and the mail do not reveal whether the address has an account. Only a site
    admin or the system, who can see all accounts, add a coordinator immediately.
    """
    email, held = email.strip(), sorted(set(roles))
    require_to_add(actor, study, held)
    _check_place(study, held, cohort)
    _one_at_a_time(email)
    if actor.is_system or (actor.is_site_admin and held == [rules.Role.COORDINATOR]):
        if owner := accounts.verified_owner(email):
            return _add_now(actor, study, owner, held, cohort)
    elif studies.members_of(study_id=study.id).filter(user__email__iexact=email).exists():
        raise Conflict(_("This person is already in the study."))  # the list shows it anyway
    if queries.waiting(study_id=study.id).filter(email__iexact=email).exists():
        raise Conflict(_("This address has already been invited."))
    invitation = Invitation.objects.create(
        study=study, cohort=cohort, roles=held, email=email, invited_by_id=actor.user_id
    )
    PlaceRequest.objects.filter(study=study, email__iexact=email).delete()
    audit.record(
        actor=actor,
        action=INVITED,
        study_id=study.id,
        about=("invitation", invitation.id, ""),
        data={"roles": held, "cohort": cohort.key if cohort else None},
    )
    _tell(email, study, held)
    return invitation


def _add_now(
    actor: Actor, study: Study, owner: User, held: list[str], cohort: Cohort | None
) -> Member:
    _check_return(study, owner, held)
    member = study_services.add_member(
        actor=actor, study=study, user=owner, roles=held, cohort=cohort
    )
    _tell(owner.email, study, held)
    return member


def _check_place(study: Study, held: list[str], cohort: Cohort | None) -> None:
    """Refuse a place that could not become a membership."""
    if problem := rules.role_problem(held):
        raise Invalid(problem, {"place": [problem]})
    judges = bool(set(held) & rules.JUDGING)
    if judges != (cohort is not None):
        sentence = _("Panelists and clinicians need a cohort; nobody else does.")
        raise Invalid(sentence, {"place": [sentence]})
    if cohort and (cohort.study_id != study.id or cohort.role not in held):
        raise Invalid(
            _("This cohort is for another role."), {"place": [_("Choose another cohort.")]}
        )


def _check_return(study: Study, owner: User, held: list[str]) -> None:
    """Refuse a return in another kind of role.

    People who judged in a study must never see its models, and people who may have seen its models
    must never judge in it.
    """
    former = studies.member_of(study_id=study.id, user_id=owner.id)
    if former is None or former.left_at is None or former.judges == bool(set(held) & rules.JUDGING):
        return
    if not former.judges or consent.state_of(member_id=former.id) != ConsentState.NOT_SIGNED:
        raise Conflict(
            _("This person had another role in this study and cannot join with this one.")
        )


JUDGE_HERE = gettext_lazy(
    "%(organisation)s invites you to take part in a study called “%(title)s”.\n\n"
    "You can find out more here, with this e-mail address:\n\n%(url)s\n\n"
    "If you do not have an account yet, create one here first:\n\n%(sign_up)s\n\n"
    "You first read what the study is about and what it pays. Then you decide. Questions: "
    "%(contact)s.\n\nIf you did not expect this e-mail, you can ignore it."
)
WORK_HERE = gettext_lazy(
    "%(organisation)s invites you to work on a study called “%(title)s” as %(roles)s.\n\n"
    "You can start here, with this e-mail address:\n\n%(url)s\n\n"
    "If you do not have an account yet, create one here first:\n\n%(sign_up)s\n\n"
    "Questions: %(contact)s.\n\nIf you did not expect this e-mail, you can ignore it."
)


def _tell(email: str, study: Study, held: Sequence[str]) -> None:
    """Send the invitation. It names no condition and says only the title of the study.

    It is in the language of the person's account, or else of the study.
    """
    language = accounts.language_of_reader(email, otherwise=study.language)
    with translation.override(language):
        account_services.send_mail(
            to=email,
            subject=_("You are invited to a study"),
            body=str(JUDGE_HERE if set(held) & rules.JUDGING else WORK_HERE)
            % {
                "organisation": study.organisation or _("The study team"),
                "title": study.title,
                "roles": ", ".join(str(rules.Role(role).label) for role in held),
                "url": settings.SITE_URL + reverse("enrolment:invitations"),
                "sign_up": settings.SITE_URL + reverse("account_signup"),
                "contact": study.contact,
            },
        )


@transaction.atomic
def accept_all(*, user: User, email: str) -> list[Member]:
    """Accept every open invitation to a newly proven address that the person may accept."""
    _one_at_a_time(email)
    waiting = _open().filter(email__iexact=email)
    return [
        _accept(invitation, user)
        for invitation in waiting
        if _is_for(invitation, user) and not _excludes(invitation, user)
    ]


def _open() -> QuerySet[Invitation]:
    """Return open invitations, locked."""
    invitations = Invitation.objects.select_for_update(of=("self",)).select_related(
        "study", "cohort"
    )
    return invitations.open()


def _excludes(invitation: Invitation, user: User) -> bool:
    try:
        _check_return(invitation.study, user, invitation.roles)
    except Conflict:
        return True
    return False


def _own(user: User, invitation_id: uuid.UUID) -> Invitation:
    """Return an open invitation to a proven address of the user, locked. Raises NotFound."""
    mine = queries.invitations_to(actor=Actor.of(user)).filter(id=invitation_id)
    invitation = _open().filter(id__in=mine.values("id")).first()
    if invitation is None:
        raise NotFound(_("This invitation is no longer open."))
    return invitation


@transaction.atomic
def accept(*, user: User, invitation_id: uuid.UUID) -> Member:
    """Accept an invitation to a study."""
    invitation = _own(user, invitation_id)
    if not _is_for(invitation, user):
        raise NotFound(_("This invitation is no longer open."))
    _check_return(invitation.study, user, invitation.roles)
    return _accept(invitation, user)


@transaction.atomic
def decline(*, user: User, invitation_id: uuid.UUID) -> None:
    """Decline an invitation. The coordinator may send another one."""
    invitation = _own(user, invitation_id)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record(
        actor=Actor.of(user),
        action=DECLINED,
        study_id=invitation.study_id,
        about=("invitation", invitation.id, ""),
    )


def _is_for(invitation: Invitation, user: User) -> bool:
    """Return whether a person may accept this invitation: nobody may accept one they gave.

    A site admin's invitation to a new study is void once that study runs, because its coordinators
    never agreed to it.
    """
    study, giver = invitation.study, invitation.invited_by_id
    givers = {giver} | studies.who_handed_over(study_id=study.id, email=invitation.email)
    if user.id in givers:
        return False
    if giver is None or study.state == rules.StudyState.DRAFT:
        return True
    return studies.member_of(study_id=study.id, user_id=giver) is not None


def _accept(invitation: Invitation, user: User) -> Member:
    study = invitation.study
    member = studies.member_of(study_id=study.id, user_id=user.id)
    if member is None or member.left_at:
        member = study_services.add_member(
            actor=SYSTEM, study=study, user=user, roles=invitation.roles, cohort=invitation.cohort
        )
    invitation.member, invitation.accepted_at = member, timezone.now()
    invitation.save(update_fields=["member", "accepted_at"])
    audit.record(
        actor=Actor.of(user),
        action=ACCEPTED,
        study_id=study.id,
        about=("member", member.id, member.pseudonym),
    )
    return member


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation) -> Invitation:
    """Revoke an invitation that is not accepted. The address may be invited again."""
    require(actor, MANAGE_PEOPLE, invitation.study)
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("study")
        .get(id=invitation.id)
    )
    if invitation.accepted_at:
        raise Conflict(_("This person has joined in the meantime."))
    if invitation.revoked_at:
        return invitation
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record(
        actor=actor,
        action=REVOKED,
        study_id=invitation.study_id,
        about=("invitation", invitation.id, ""),
    )
    return invitation


@transaction.atomic
def ask_to_take_part(*, study: Study, email: str) -> None:
    """Store that the owner of an address would like to take part in a public study.

    Anybody can send any address. So this sends no mail and returns nothing, and does not reveal
    whether the address has an account. An address of a member, an invitation or an earlier request
    is not stored again.
    """
    if not studies.public_studies().filter(id=study.id).exists():
        raise NotFound
    email = email.strip().lower()
    _one_at_a_time(email)
    lock_until_commit(Lock.PLACE_REQUESTS, study.id)
    known = studies.members_of(study_id=study.id).filter(user__email__iexact=email).exists()
    invited = queries.waiting(study_id=study.id).filter(email__iexact=email).exists()
    waiting = queries.place_requests(study_id=study.id)
    if known or invited or waiting.count() >= MOST_REQUESTS:
        return
    request, is_new = PlaceRequest.objects.get_or_create(study=study, email=email)
    if is_new:
        audit.record(
            actor=SYSTEM, action=ASKED, study_id=study.id, about=("place_request", request.id, "")
        )


@transaction.atomic
def dismiss(*, actor: Actor, study: Study, request_id: uuid.UUID) -> None:
    """Delete a request to take part, without a mail. A repeated call does nothing."""
    require(actor, MANAGE_PEOPLE, study)
    deleted, _rows = PlaceRequest.objects.filter(study=study, id=request_id).delete()
    if deleted:
        audit.record(
            actor=actor,
            action=DISMISSED,
            study_id=study.id,
            about=("place_request", request_id, ""),
        )
