"""Inviting by address, accepting when the address is proven, taking an invitation back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import queries as accounts
from codesign.accounts import services as account_services
from codesign.accounts.models import User
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.consent import queries as consent
from codesign.consent.queries import ConsentState
from codesign.enrolment.models import Invitation
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies import queries as studies
from codesign.studies import rules
from codesign.studies import services as study_services
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.permissions import MANAGE_PEOPLE, require, require_to_add

INVITED = action("enrolment.invited", "invited a person to the study")
ACCEPTED = action("enrolment.accepted", "joined the study by an invitation")
REVOKED = action("enrolment.revoked", "took an invitation back")


def _one_at_a_time(email: str) -> None:
    """Hold back whoever else invites or proves this address until the transaction ends.

    Without it somebody could prove an address between our look and our writing, and the
    invitation would wait for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"invite:{email.lower()}"]
        )


@transaction.atomic
def invite(
    *,
    actor: Actor,
    study: Study,
    email: str,
    roles: Iterable[str],
    cohort: Cohort | None = None,
) -> Member | Invitation:
    """Add whoever owns the address: a Member at once if it is proven, else an Invitation."""
    email, held = email.strip(), sorted(set(roles))
    require_to_add(actor, study, held)
    _check_place(study, held, cohort)
    _one_at_a_time(email)
    owner = accounts.verified_owner(email)
    if owner:
        _check_return(study, owner, held)
        member = study_services.add_member(
            actor=actor, study=study, user=owner, roles=held, cohort=cohort
        )
        _tell(owner.email, study, held, reverse("desk:home"))
        return member
    if Invitation.objects.filter(study=study, email__iexact=email, revoked_at=None).exists():
        raise Conflict("This address has been invited already.")
    invitation = Invitation.objects.create(
        study=study, cohort=cohort, roles=held, email=email, invited_by_id=actor.user_id
    )
    audit.record(
        actor=actor,
        action=INVITED,
        study_id=study.id,
        about=("invitation", invitation.id, ""),
        data={"roles": held, "cohort": cohort.key if cohort else None},
    )
    _tell(email, study, held, reverse("account_signup"))
    return invitation


def _check_place(study: Study, held: list[str], cohort: Cohort | None) -> None:
    """Refuse now what could not become a membership later."""
    if problem := rules.role_problem(held):
        raise Invalid(problem, {"place": [problem]})
    judges = bool(set(held) & rules.JUDGING)
    if judges != (cohort is not None):
        sentence = "Choose a cohort for somebody who judges, and for nobody else."
        raise Invalid(sentence, {"place": [sentence]})
    if cohort and (cohort.study_id != study.id or cohort.role not in held):
        raise Invalid("This cohort is for another role.", {"place": ["Choose another cohort."]})


def _check_return(study: Study, owner: User, held: list[str]) -> None:
    """Whoever judged here never sees its models, and whoever may have seen them never judges."""
    former = studies.member_of(study_id=study.id, user_id=owner.id)
    if former is None or former.left_at is None or former.judges == bool(set(held) & rules.JUDGING):
        return
    if not former.judges or consent.state_of(member_id=former.id) != ConsentState.NOT_SIGNED:
        sentence = "This person was here before, in a role that excludes this one."
        raise Conflict(sentence)


JUDGE_HERE = gettext_lazy(
    "%(organisation)s invites you to take part in a study called “%(title)s”.\n\n"
    "You can have a look here, with this e-mail address:\n\n%(url)s\n\n"
    "You read first what it is about and what it pays, and decide then. Questions: "
    "%(contact)s.\n\nIf you did not expect this, you need do nothing."
)
WORK_HERE = gettext_lazy(
    "%(organisation)s invites you to work on a study called “%(title)s” as %(roles)s.\n\n"
    "You can begin here, with this e-mail address:\n\n%(url)s\n\n"
    "Questions: %(contact)s.\n\nIf you did not expect this, you need do nothing."
)


def _tell(email: str, study: Study, held: Sequence[str], path: str) -> None:
    """A mail that names neither a condition nor what the study is about, beyond its title."""
    account_services.send_mail(
        to=email,
        subject=_("You are invited to a study"),
        body=str(JUDGE_HERE if set(held) & rules.JUDGING else WORK_HERE)
        % {
            "organisation": study.organisation or _("The study team"),
            "title": study.title,
            "roles": ", ".join(str(rules.ROLE_WORDS[role]) for role in held),
            "url": settings.SITE_URL + path,
            "contact": study.contact,
        },
    )


@transaction.atomic
def accept_all(*, user: User, email: str) -> list[Member]:
    """Turn every open invitation of a proven address into a membership."""
    _one_at_a_time(email)
    waiting = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("study", "cohort")
        .filter(email__iexact=email, revoked_at=None, accepted_at=None)
    )
    return [_accept(invitation, user) for invitation in waiting if _is_for(invitation, user)]


def _is_for(invitation: Invitation, user: User) -> bool:
    """Whether somebody may take this place: nobody takes one that they gave away themselves.

    A place that a site admin offered in a new study is void once that study runs: it would be a
    way in that its coordinators never agreed to.
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
    """Take an invitation back that nobody has accepted; the address may be invited anew."""
    require(actor, MANAGE_PEOPLE, invitation.study)
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("study")
        .get(id=invitation.id)
    )
    if invitation.accepted_at:
        raise Conflict("This person has joined meanwhile.")
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
