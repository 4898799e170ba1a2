"""Open, answer and end care cases.

Nothing here writes to the audit trail, which coordinators and auditors read: `CaseMove` is the log.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.care.models import Case, CaseMove, CaseNote
from codesign.care.permissions import HANDLE_CASES
from codesign.care.queries import cases as queries
from codesign.care.queries import moods
from codesign.care.registry import AFTER_ANSWER
from codesign.care.rules import cases as rules
from codesign.care.rules.cases import Answer, CaseState, Contact, Outcome, Reason
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.care.services import calls
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.sealing import seal
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Member
from codesign.studies.permissions import member_with

LONGEST_NOTE = 5000
LONGEST_NUMBER = 40


def _log(move: Move) -> None:
    CaseMove.objects.create(
        case=move.row, old_state=move.old, new_state=move.new, by=move.data.get("by")
    )


machine(Case, rules.CASE_STATES, log=_log)


def notice_words(*, member: Member, about_kind: str, about: uuid.UUID, urgency: Urgency) -> Case:
    """Ask a person what their words are about; the case opens later, or now if it is imminent.

    Runs in the transaction that stores the words. Noticing them again changes nothing.
    """
    now = timezone.now()
    case, is_new = Case.objects.get_or_create(
        about_kind=about_kind,
        about=about,
        defaults={
            "study_id": member.study_id,
            "member": member,
            "reason": Reason.WORDS,
            "urgency": urgency,
            "opens_at": now + rules.TIME_TO_ANSWER,
        },
    )
    if is_new and urgency == Urgency.IMMINENT:
        _open(case, now=now)
    return case


@transaction.atomic
def ask_for_support(*, member: Member) -> Case:
    """Open a case for a person who asks for support, or return the one that is open already.

    Its reason is their mood, if they said today that they feel clearly worse after a session.
    """
    Member.objects.select_for_update(no_key=True).get(id=member.id)
    case = queries.open_case_of(member=member)
    if case is None:
        now = timezone.now()
        reason = Reason.MOOD if moods.feels_worse(member) else Reason.ASKED
        case = Case.objects.create(
            study_id=member.study_id, member=member, reason=reason, opens_at=now
        )
        _open(case, now=now)
    return case


@transaction.atomic
def answer(*, actor: Actor, case_id: uuid.UUID, sent: str) -> Case:
    """Store what the author says that their words are about. They may change it.

    "About me" and "not sure" open the case; the other answers settle one that nobody has seen. The
    safety lead sees the answer of an open case, which stays open.
    """
    if sent not in Answer.values:
        raise Invalid(_("Please choose one."), {"answer": [_("Please choose one.")]})
    case = _own(actor, case_id)
    Case.objects.filter(id=case.id).update(answer=sent)
    case.answer = sent
    if rules.opens_a_case(Answer(sent)):
        if case.state in (CaseState.WAITING, CaseState.SETTLED):
            _open(case, now=timezone.now())
    elif case.state == CaseState.WAITING:
        transition(case, to=CaseState.SETTLED, actor=SYSTEM)
    for _name, follow in AFTER_ANSWER:
        follow(actor=actor, case=case)
    return case


@transaction.atomic
def choose_contact(*, actor: Actor, case_id: uuid.UUID, contact: str, number: str = "") -> Case:
    """Store how the safety lead may contact the person. They may change it."""
    number = number.strip()
    problems: dict[str, list[str]] = {}
    if contact not in Contact.values:
        problems["contact"] = [_("Please choose one.")]
    elif contact == Contact.PHONE and not any(letter.isdigit() for letter in number):
        problems["number"] = [_("Please type the number that you can be reached at.")]
    elif len(number) > LONGEST_NUMBER:
        problems["number"] = [_("Please type at most %(n)d characters.") % {"n": LONGEST_NUMBER}]
    if problems:
        raise Invalid(_("Please choose how you can be contacted."), problems)
    case = _own(actor, case_id)
    case.contact = contact
    case.contact_details = (
        seal(number, secret=case.study.secret, use=Case.SEALED) if contact == Contact.PHONE else b""
    )
    case.save(update_fields=["contact", "contact_details"])
    return case


@transaction.atomic
def add_note(*, actor: Actor, case_id: uuid.UUID, text: str) -> CaseNote:
    """Store an encrypted note. It starts the clock again: somebody has looked."""
    text = text.strip()
    if not text:
        raise Invalid(_("Please write a note."), {"note": [_("Please write a note.")]})
    if len(text) > LONGEST_NOTE:
        says = _("Please keep this to %(n)d characters.") % {"n": LONGEST_NOTE}
        raise Invalid(says, {"note": [says]})
    case, lead = _handled(actor, case_id)
    if case.state == CaseState.OPEN:
        case.due_at = rules.due_after(timezone.now(), urgency=case.urgency)
        case.save(update_fields=["due_at"])
    return CaseNote.objects.create(
        case=case, author=lead, ciphertext=seal(text, secret=case.study.secret, use=Case.SEALED)
    )


@transaction.atomic
def close(*, actor: Actor, case_id: uuid.UUID, outcome: str) -> Case:
    """End a case with an outcome. Repeating it changes nothing."""
    if outcome not in Outcome.values:
        raise Invalid(_("Please choose an outcome."), {"outcome": [_("Please choose one.")]})
    case, lead = _handled(actor, case_id)
    if case.state == CaseState.CLOSED and case.outcome == outcome:
        return case
    transition(
        case,
        to=CaseState.CLOSED,
        actor=actor,
        changes={"outcome": outcome, "ended_at": timezone.now(), "due_at": None},
        by=lead,
    )
    return case


@transaction.atomic
def reopen(*, actor: Actor, case_id: uuid.UUID) -> Case:
    """Open a closed case again."""
    case, lead = _handled(actor, case_id)
    if case.state != CaseState.OPEN:
        _open(case, now=timezone.now(), by=lead)
    return case


def forget(*, member: Member) -> None:
    """Delete how a member may be contacted, and empty the notes about them. Cases stay as they are.

    The caller's transaction says why.
    """
    about_them = Case.objects.filter(member=member)
    about_them.update(contact="", contact_details=b"")
    CaseNote.objects.filter(case__in=about_them).update(ciphertext=b"")


def open_unanswered() -> int:
    """Open the cases whose author was silent; return their number. A timer calls this."""
    opened = 0
    now = timezone.now()
    for case_id in Case.objects.unanswered(at=now).values_list("id", flat=True):
        with transaction.atomic():
            case = Case.objects.unanswered(at=now).select_for_update(skip_locked=True, no_key=True)
            if silent := case.filter(id=case_id).first():
                _open(silent, now=now)
                opened += 1
    return opened


def _open(case: Case, *, now: datetime, by: Member | None = None) -> None:
    transition(
        case,
        to=CaseState.OPEN,
        actor=SYSTEM,
        changes={
            "due_at": rules.due_after(now, urgency=case.urgency),
            "outcome": "",
            "ended_at": None,
        },
        by=by,
    )
    calls.tell_on_duty(case=case)


def _own(actor: Actor, case_id: uuid.UUID) -> Case:
    """Return the actor's own case. Their membership is locked, and then the case."""
    if actor.user_id is None:  # the system has none
        raise NotFound
    members = Member.objects.filter(user_id=actor.user_id, care_cases=case_id)
    list(members.select_for_update(no_key=True, of=("self",)))
    own = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    case = own.filter(id=case_id, member__user_id=actor.user_id).first()
    if case is None:
        raise NotFound
    return case


def _handled(actor: Actor, case_id: uuid.UUID) -> tuple[Case, Member]:
    """Return a case of which the actor may know, locked, and the actor's membership."""
    seen = Case.objects.seen().select_for_update(no_key=True, of=("self",)).select_related("study")
    case = seen.filter(id=case_id).first()
    if case is None:
        raise NotFound
    return case, member_with(actor, HANDLE_CASES, slug=case.study.slug)
