"""The pages of safety leads: what they show, and that nobody else opens them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.accounts.models import OutgoingMail
from codesign.accounts.services import set_active
from codesign.care.models import Case
from codesign.care.queries import rota as rota_queries
from codesign.care.services import calls, cases
from codesign.care.tasks import tend
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from codesign.studies.services import remove_member
from tests.factories.cases import lead_of, noticed, opened, with_times
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_page import signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return opened()


@pytest.fixture
def lead(case: Case) -> Member:
    return lead_of(case.study)


def address(name: str, case: Case) -> str:
    keys = {"slug": case.study.slug}
    if name in ("case", "own-case"):
        keys["case_id"] = str(case.id)
    if name == "change-rota":
        keys["member_id"] = str(uuid.uuid4())
    return reverse(f"care:{name}", kwargs=keys)


DOORS = [
    ("cases", "get"),
    ("case", "get"),
    ("case", "post"),
    ("write-plan", "post"),
    ("change-rota", "post"),
]


@pytest.mark.parametrize(("name", "method"), DOORS)
@pytest.mark.parametrize("role", sorted({*Role} - {Role.SAFETY_LEAD}))
def test_nobody_but_a_safety_lead_opens_these_pages(
    name: str, method: str, role: Role, case: Case
) -> None:
    if role in (Role.PANELIST, Role.CLINICIAN):
        member = MemberFactory.create(cohort__study=case.study, cohort__role=role)
    else:
        member = staff(case.study, role)
    for client in (signed_in(member), signed_in(lead_of(MemberFactory.create().study))):
        assert getattr(client, method)(address(name, case)).status_code in (403, 404)
    assert getattr(Client(), method)(address(name, case)).status_code == 302


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.COORDINATOR, 200),
        (Role.SAFETY_LEAD, 200),
        (Role.AUDITOR, 403),
        (Role.ML_ENGINEER, 403),
    ],
)
def test_who_reads_the_rota(role: Role, status: int, case: Case) -> None:
    assert signed_in(staff(case.study, role)).get(address("plan", case)).status_code == status


def test_the_list_begins_with_what_must_be_looked_at_first(case: Case, lead: Member) -> None:
    later = opened(MemberFactory.create(cohort=case.member.cohort))
    hidden = noticed(MemberFactory.create(cohort=case.member.cohort))
    with_times(case, due_at=timezone.now() + timedelta(hours=30))
    with_times(later, due_at=timezone.now() - timedelta(hours=1))
    page = signed_in(lead).get(address("cases", case)).content.decode()
    assert page.index(later.member.pseudonym) < page.index(case.member.pseudonym)
    assert "overdue" in page
    assert hidden.member.pseudonym not in page


def test_the_list_takes_as_many_queries_for_many_cases(case: Case, lead: Member) -> None:
    client = signed_in(lead)
    few = queries_of(client, address("cases", case))
    for _ in range(3):
        other = opened(MemberFactory.create(cohort=case.member.cohort))
        cases.close(actor=Actor.of(lead.user), case_id=other.id, outcome="talked")
        opened(MemberFactory.create(cohort=case.member.cohort))
    assert queries_of(client, address("cases", case)) == few


def test_a_case_takes_as_many_queries_for_many_notes(case: Case, lead: Member) -> None:
    client = signed_in(lead)
    few = queries_of(client, address("case", case))
    for number in range(4):
        cases.add_note(actor=Actor.of(lead.user), case_id=case.id, text=f"Note {number}")
    assert queries_of(client, address("case", case)) == few


def test_a_lead_adds_a_note_closes_and_opens_again(case: Case, lead: Member) -> None:
    client = signed_in(lead)
    here = address("case", case)
    page = client.post(here, {"do": "note", "note": "Rang <b>twice</b>."}, follow=True)
    assert "Rang &lt;b&gt;twice&lt;/b&gt;." in page.content.decode()
    page = client.post(here, {"do": "close", "outcome": "talked"}, follow=True)
    assert "The case is closed." in page.content.decode()
    client.post(here, {"do": "reopen"})
    case.refresh_from_db()
    assert case.state == "open"


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"do": "note", "note": " "}, "Please fill this in."),
        ({"do": "close"}, "Please choose one."),
        ({"do": "close", "outcome": "gone"}, "Please choose one from the list."),
    ],
)
def test_what_is_missing_is_said(case: Case, lead: Member, sent: dict[str, str], says: str) -> None:
    answer = signed_in(lead).post(address("case", case), sent)
    assert answer.status_code == 400
    assert says in answer.content.decode()


def test_contact_is_shown_only_as_the_person_chose(case: Case, lead: Member) -> None:
    client = signed_in(lead)
    email = case.member.user.email

    def page() -> str:
        return client.get(address("case", case)).content.decode()

    assert "please do not contact them" in page()
    assert email not in page()
    for contact, number, shown in (
        ("nobody", "", "Nobody should contact me."),
        ("email", "", email),
        ("phone", "0123 456", "0123 456"),
    ):
        cases.choose_contact(
            actor=Actor.of(case.member.user), case_id=case.id, contact=contact, number=number
        )
        assert shown in page()
        assert (email in page()) == (contact == "email")


def test_a_lead_writes_the_plan_and_the_rota(case: Case, lead: Member) -> None:
    client = signed_in(lead)
    deputy = lead_of(case.study, in_rota=False)
    rota = reverse("care:change-rota", kwargs={"slug": case.study.slug, "member_id": deputy.id})
    client.post(address("write-plan", case), {"escalation": "Call the clinic."})
    client.post(rota, {"do": "add"})
    client.post(rota, {"do": "first"})
    client.post(rota, {"away_from": "2026-12-01", "away_until": "2026-12-24"})
    page = client.get(address("plan", case)).content.decode()
    assert "Call the clinic." in page
    assert "Away from 1 December 2026 to 24 December 2026" in page
    turns = rota_queries.rota_of(study_id=case.study_id)
    assert [turn.member for turn in turns] == [deputy, lead]
    client.post(rota, {"do": "remove"})
    assert [t.member for t in rota_queries.rota_of(study_id=case.study_id)] == [lead]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"away_from": "2026-12-02"}, "or neither"),
        ({"away_from": "2026-12-02", "away_until": "2026-12-01"}, "before the first"),
        ({"away_from": "soon", "away_until": "2026-12-01"}, "Enter a valid date."),
    ],
)
def test_days_that_cannot_be_are_refused(
    case: Case, lead: Member, sent: dict[str, str], says: str
) -> None:
    rota = reverse("care:change-rota", kwargs={"slug": case.study.slug, "member_id": lead.id})
    answer = signed_in(lead).post(rota, sent)
    assert answer.status_code == 400
    assert says in answer.content.decode()


def test_a_stopped_lead_with_open_cases_is_noticed(lead: Member, case: Case) -> None:
    """Mails to the next lead and the coordinators, a warning on pages, and nothing of a case."""
    deputy, coordinator = lead_of(case.study), staff(case.study)
    OutgoingMail.objects.all().delete()
    set_active(actor=SYSTEM, user=lead.user, active=False)
    told = OutgoingMail.objects.filter(subject=str(calls.LEAD_GONE))
    assert set(told.values_list("to", flat=True)) == {deputy.user.email, coordinator.user.email}
    assert case.member.pseudonym not in "".join(told.values_list("body", flat=True))
    for reader, name in ((deputy, "cases"), (deputy, "plan"), (coordinator, "plan")):
        page = signed_in(reader).get(address(name, case)).content.decode()
        assert f"{lead.user.email} is in the rota but can no longer act." in flowed(page)
    assert case.member.pseudonym in signed_in(deputy).get(address("cases", case)).content.decode()
    with_times(case, due_at=timezone.now() - timedelta(hours=1))
    tend()
    overdue = OutgoingMail.objects.filter(subject=str(calls.OVERDUE))
    assert list(overdue.values_list("to", flat=True)) == [deputy.user.email]
    told.delete()
    set_active(actor=SYSTEM, user=lead.user, active=True)
    assert not told.exists()
    assert "can no longer act" not in signed_in(deputy).get(address("plan", case)).content.decode()
    remove_member(actor=SYSTEM, member=deputy)
    assert set(told.values_list("to", flat=True)) == {lead.user.email, coordinator.user.email}
