"""Cases, for the safety lead and for the person whom a case is about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from codesign.care.models import Case
from codesign.care.permissions import HANDLE_CASES
from codesign.care.registry import CASE_TEXTS
from codesign.care.rules.cases import CaseState, Contact, Reason
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.shared.sealing import unseal
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

MOST_CLOSED = 100
"""Closed cases on the page, the newest."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A note as its readers see it; `text` is None if no key of this installation opens it."""

    author: str
    at: datetime
    text: str | None


def open_cases(*, actor: Actor, study: Study) -> QuerySet[Case]:
    """Return the open cases, the most urgent first: that whose time ends first."""
    require(actor, HANDLE_CASES, study)
    return Case.objects.opened().filter(study=study).select_related("member").order_by("due_at")


def closed_cases(*, actor: Actor, study: Study) -> QuerySet[Case]:
    """Return the closed cases that ended last, the newest first."""
    require(actor, HANDLE_CASES, study)
    closed = Case.objects.filter(study=study, state=CaseState.CLOSED).select_related("member")
    return closed.order_by("-ended_at")[:MOST_CLOSED]


def case_of(*, actor: Actor, study: Study, case_id: uuid.UUID) -> Case:
    """Return a case that the safety lead may know of. Raises NotFound."""
    require(actor, HANDLE_CASES, study)
    seen = Case.objects.seen().select_related("member__user", "member__cohort", "study")
    case = seen.filter(id=case_id, study=study).first()
    if case is None:
        raise NotFound
    return case


def notes_of(*, case: Case) -> list[Noted]:
    """Return the notes of a case that were not erased, the oldest first; one query."""
    rows = case.notes.exclude(ciphertext=b"").select_related("author__user__identity")
    return [
        Noted(
            author=name_of(row.author),
            at=row.created_at,
            text=unseal(row.ciphertext, secret=case.study.secret, use=Case.SEALED),
        )
        for row in rows
    ]


def reached_at(*, case: Case) -> str | None:
    """Return the address or number by which the person chose to be contacted; "" for none.

    None if no key of this installation opens it.
    """
    if case.contact == Contact.EMAIL:
        return case.member.user.email
    if case.contact == Contact.PHONE:
        return unseal(case.contact_details, secret=case.study.secret, use=Case.SEALED)
    return ""


def words_of(*, case: Case) -> list[str]:
    """Return what the person wrote, as the app that stores it finds it."""
    if case.about is None:
        return []
    return [text for _, find in CASE_TEXTS for text in find(case.about_kind, case.about)]


def own_case(*, actor: Actor, case_id: uuid.UUID) -> Case:
    """Return the actor's own case. Raises NotFound."""
    if actor.user_id is None:  # the system has none
        raise NotFound
    own = Case.objects.filter(member__user_id=actor.user_id).select_related("study", "member")
    case = own.filter(id=case_id).first()
    if case is None:
        raise NotFound
    return case


def own_case_about(*, actor: Actor, about_kind: str, about: Iterable[uuid.UUID]) -> Case | None:
    """Return the actor's own case about what they sent, if there is one; of several the newest.

    `about` has the ids of what the texts were sent with, such as all revisions of a judgement.
    """
    if actor.user_id is None:  # the system has none
        return None
    own = Case.objects.filter(member__user_id=actor.user_id, about_kind=about_kind, about__in=about)
    return own.order_by("-created_at").first()


def open_case_of(*, member: Member) -> Case | None:
    """Return the open case of a member who asked for support."""
    asked = Case.objects.opened().exclude(reason=Reason.WORDS)
    return asked.filter(member=member).first()


def name_of(lead: Member) -> str:
    """Return the name of a safety lead, or their address."""
    identity = getattr(lead.user, "identity", None)
    return (identity.name if identity else "") or lead.user.email
