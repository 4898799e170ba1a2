"""Cases: opened by silence or an answer, looked after in time, known to safety leads alone."""

from __future__ import annotations

from datetime import timedelta
from email.message import Message
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.care.models import Case, CaseMove, CaseNote
from codesign.care.queries import cases as queries
from codesign.care.rules.cases import CaseState
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.care.services import calls, cases
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.services import withdraw
from codesign.jobs.models import Job
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.cases import lead_of, noticed, opened, with_times
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory, staff
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
ENDS = timedelta(seconds=1)


def actor(member: Member) -> Actor:
    return Actor.of(member.user)


def answer(case: Case, sent: str) -> Case:
    return cases.answer(actor=actor(case.member), case_id=case.id, sent=sent)


def mails() -> list[str]:
    return list(OutgoingMail.objects.order_by("created_at", "id").values_list("to", flat=True))


# --- from words to a case ------------------------------------------------------------------------


def test_a_concern_waits_for_its_author(mailoutbox: list[Message]) -> None:
    lead_of((case := noticed()).study)
    assert (case.state, case.due_at) == (CaseState.WAITING, None)
    assert mails() == []


def test_imminent_risk_opens_at_once() -> None:
    member = MemberFactory.create()
    lead = lead_of(member.study)
    case = noticed(member, urgency=Urgency.IMMINENT)
    assert case.state == CaseState.OPEN
    assert case.due_at is not None
    assert timedelta(hours=11) < case.due_at - timezone.now() <= timedelta(hours=12)
    assert mails() == [lead.user.email]


def test_the_same_words_are_noticed_once() -> None:
    case = noticed()
    assert case.about is not None
    again = cases.notice_words(
        member=case.member,
        about_kind=case.about_kind,
        about=case.about,
        urgency=Urgency.CONCERN,
    )
    assert (again, Case.objects.count()) == (case, 1)


@pytest.mark.parametrize(
    ("sent", "state"),
    [("me", "open"), ("not_sure", "open"), ("text", "settled"), ("not_said", "settled")],
)
def test_the_answer_decides_whether_a_case_opens(sent: str, state: str) -> None:
    case = answer(noticed(), sent)
    assert (case.state, case.answer) == (state, sent)
    assert list(case.moves.values_list("old_state", "new_state")) == [("waiting", state)]


def test_silence_opens_a_case_when_its_time_has_come() -> None:
    early, late, settled = noticed(), noticed(), answer(noticed(), "text")
    now = timezone.now()
    for case in (late, settled):
        with_times(case, opens_at=now - ENDS)
    assert cases.open_unanswered() == 1
    states = dict(Case.objects.values_list("id", "state"))
    assert states == {early.id: "waiting", late.id: "open", settled.id: "settled"}
    assert cases.open_unanswered() == 0


def test_an_answer_can_change() -> None:
    case = answer(noticed(), "text")
    assert answer(case, "me").state == CaseState.OPEN
    case = answer(case, "text")  # the safety lead has seen it, and sees what they say now
    assert (case.state, case.answer) == (CaseState.OPEN, "text")


@pytest.mark.parametrize("sent", ["", "you", "ME"])
def test_an_unknown_answer_is_refused(sent: str) -> None:
    with pytest.raises(Invalid, match="choose one"):
        answer(noticed(), sent)


def test_nobody_else_answers_for_a_person() -> None:
    case = noticed()
    others = [
        staff(case.study),
        lead_of(case.study),
        MemberFactory.create(cohort=case.member.cohort),
    ]
    for other in others:
        with pytest.raises(NotFound, match="does not exist"):
            cases.answer(actor=actor(other), case_id=case.id, sent="me")
    with pytest.raises(NotFound, match="does not exist"):
        cases.answer(actor=SYSTEM, case_id=case.id, sent="me")


# --- support that somebody asks for ---------------------------------------------------------------


def test_who_asks_for_support_has_one_open_case() -> None:
    member = MemberFactory.create()
    lead = lead_of(member.study)
    first = opened(member)
    assert opened(member) == first
    assert mails() == [lead.user.email]
    cases.close(actor=actor(lead), case_id=first.id, outcome="talked")
    assert opened(member) != first


@pytest.mark.django_db(transaction=True)
def test_a_double_click_opens_one_case() -> None:
    member = MemberFactory.create()
    at_once(*[lambda: cases.ask_for_support(member=member)] * 3)
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("contact", "number", "reached_at"),
    [
        ("nobody", "", ""),
        ("email", "", "person"),
        ("phone", " 0123 456 ", "0123 456"),
        ("email", "0123 456", "person"),
    ],
)
def test_a_person_chooses_how_they_are_contacted(
    contact: str, number: str, reached_at: str
) -> None:
    case = opened()
    case = cases.choose_contact(
        actor=actor(case.member), case_id=case.id, contact=contact, number=number
    )
    shown = queries.reached_at(case=case)
    assert shown == (case.member.user.email if reached_at == "person" else reached_at)
    assert b"456" not in bytes(case.contact_details)


@pytest.mark.parametrize(
    ("contact", "number", "field"),
    [
        ("", "", "contact"),
        ("post", "", "contact"),
        ("phone", "", "number"),
        ("phone", "call me", "number"),
        ("phone", "1" * 41, "number"),
    ],
)
def test_a_contact_that_cannot_work_is_refused(contact: str, number: str, field: str) -> None:
    case = opened()
    with pytest.raises(Invalid, match="how you can be contacted") as refusal:
        cases.choose_contact(
            actor=actor(case.member), case_id=case.id, contact=contact, number=number
        )
    assert list(refusal.value.fields) == [field]


# --- looking after it ----------------------------------------------------------------------------


def test_a_note_is_encrypted_and_starts_the_clock_again() -> None:
    case = opened()
    lead = lead_of(case.study)
    case = with_times(case, due_at=timezone.now() - ENDS)
    cases.add_note(actor=actor(lead), case_id=case.id, text="  Rang twice.  ")
    case.refresh_from_db()
    assert case.due_at is not None
    assert case.due_at > timezone.now()
    assert b"Rang" not in bytes(CaseNote.objects.get().ciphertext)
    assert [note.text for note in queries.notes_of(case=case)] == ["Rang twice."]


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_a_note_that_is_empty_or_too_long_is_refused(text: str) -> None:
    case = opened()
    with pytest.raises(Invalid, match=r"write a note|5000 characters"):
        cases.add_note(actor=actor(lead_of(case.study)), case_id=case.id, text=text)


def test_a_case_is_closed_with_an_outcome_and_opened_again() -> None:
    case = opened()
    lead = actor(lead_of(case.study))
    case = cases.close(actor=lead, case_id=case.id, outcome="talked")
    assert (case.state, case.outcome, case.due_at) == ("closed", "talked", None)
    assert cases.close(actor=lead, case_id=case.id, outcome="talked") == case  # a double click
    with pytest.raises(Conflict, match="closed"):
        cases.close(actor=lead, case_id=case.id, outcome="declined")
    case = cases.reopen(actor=lead, case_id=case.id)
    assert (case.state, case.outcome) == ("open", "")
    assert case.due_at is not None
    moves = list(CaseMove.objects.values_list("new_state", "by__user"))
    assert moves == [("open", None), ("closed", lead.user_id), ("open", lead.user_id)]


def test_a_case_needs_an_outcome_to_close() -> None:
    case = opened()
    with pytest.raises(Invalid, match="choose an outcome"):
        cases.close(actor=actor(lead_of(case.study)), case_id=case.id, outcome="")


STEPS: dict[str, dict[str, Any]] = {
    "add_note": {"text": "Rang."},
    "close": {"outcome": "talked"},
    "reopen": {},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SAFETY_LEAD}))
def test_nobody_else_looks_after_a_case(step: str, role: Role) -> None:
    case = opened()
    judging = role in (Role.PANELIST, Role.CLINICIAN)
    other = (
        MemberFactory.create(study=case.study, cohort__study=case.study, cohort__role=role)
        if judging
        else staff(case.study, role)
    )
    with pytest.raises(NotPermitted, match="does not include"):
        getattr(cases, step)(actor=actor(other), case_id=case.id, **STEPS[step])


@pytest.mark.parametrize("step", STEPS)
def test_a_lead_of_another_study_knows_no_case(step: str) -> None:
    case = opened()
    other = lead_of(MemberFactory.create().study)
    with pytest.raises(NotFound, match="does not exist"):
        getattr(cases, step)(actor=actor(other), case_id=case.id, **STEPS[step])


@pytest.mark.parametrize("sent", ["", "text"])
def test_a_case_that_waits_or_was_settled_is_unknown_to_the_lead(sent: str) -> None:
    case = noticed()
    if sent:
        answer(case, sent)
    with pytest.raises(NotFound, match="does not exist"):
        cases.add_note(actor=actor(lead_of(case.study)), case_id=case.id, text="Hello.")


# --- the clock -----------------------------------------------------------------------------------


def test_the_deputy_is_told_once_of_what_is_overdue() -> None:
    case = opened()
    first, second, third = (lead_of(case.study) for _ in range(3))
    OutgoingMail.objects.all().delete()
    assert calls.tell_of_overdue() == 0
    with_times(case, due_at=timezone.now() - ENDS)
    assert calls.tell_of_overdue() == 1
    assert sorted(mails()) == sorted([first.user.email, second.user.email])
    assert third.user.email not in mails()
    assert calls.tell_of_overdue() == 0
    with_times(case, due_at=timezone.now() - ENDS, told_at=timezone.now() - timedelta(hours=1))
    assert calls.tell_of_overdue() == 1  # its next time has passed too


def test_erasure_forgets_the_contact_and_the_notes_of_a_persons_cases() -> None:
    member = MemberFactory.create()
    sign(member)
    lead = lead_of(member.study)
    case, other = opened(member), opened(MemberFactory.create(cohort=member.cohort))
    for one in (case, other):
        cases.choose_contact(
            actor=actor(one.member), case_id=one.id, contact="phone", number="0123 456"
        )
        cases.add_note(actor=actor(lead), case_id=one.id, text="Rang 0123 456.")
    notes = CaseNote.objects.filter(case=case)
    for change in ({"ciphertext": b"other"}, {"author": member, "ciphertext": b""}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            notes.update(**change)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        notes._raw_delete(notes.db)
    withdraw(actor=actor(member), member=member, level=WithdrawalLevel.ERASE)
    case.refresh_from_db()
    other.refresh_from_db()
    assert (case.contact, bytes(case.contact_details), queries.reached_at(case=case)) == (
        "",
        b"",
        "",
    )
    assert bytes(case.notes.get().ciphertext) == b""
    assert queries.notes_of(case=case) == []
    assert case.state == CaseState.OPEN  # somebody may still need support
    assert queries.reached_at(case=other) == "0123 456"
    assert [note.text for note in queries.notes_of(case=other)] == ["Rang 0123 456."]


def test_mails_say_nothing_about_anybody() -> None:
    member = MemberFactory.create()
    lead_of(member.study)
    case = opened(member)
    with_times(case, due_at=timezone.now() - ENDS)
    calls.tell_of_overdue()
    for mail in OutgoingMail.objects.all():
        whole = mail.subject + mail.body
        for secret in (member.pseudonym, member.user.email, member.study.title, "distress"):
            assert secret not in whole


def test_where_the_lead_cannot_sign_in_the_next_one_is_told() -> None:
    member = MemberFactory.create()
    first, second = lead_of(member.study), lead_of(member.study)
    first.user.is_active = False
    first.user.save()
    opened(member)
    assert mails() == [second.user.email]


def test_without_a_rota_every_lead_is_told_in_turn() -> None:
    member = MemberFactory.create()
    lead = lead_of(member.study, in_rota=False)
    opened(member)
    assert mails() == [lead.user.email]


def test_a_case_of_a_study_without_a_lead_still_opens() -> None:
    case = opened()
    assert (case.state, mails()) == (CaseState.OPEN, [])


# --- what nobody else sees -----------------------------------------------------------------------


def test_nothing_of_a_case_is_in_the_trail_or_in_the_jobs_of_the_study() -> None:
    member = MemberFactory.create()
    lead = lead_of(member.study)
    events = Event.objects.count()
    case = answer(noticed(member), "me")
    cases.choose_contact(actor=actor(member), case_id=case.id, contact="email")
    cases.add_note(actor=actor(lead), case_id=case.id, text="Rang.")
    cases.close(actor=actor(lead), case_id=case.id, outcome="talked")
    assert Event.objects.count() == events
    assert not Job.objects.filter(study_id=member.study_id).exists()
