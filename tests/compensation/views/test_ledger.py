"""All entries of a study's ledger, and reversals."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.queries import ledger as queries
from codesign.compensation.services import ledger, rejections
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit, reject
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(name: str, member: Member) -> str:
    return reverse(f"compensation:{name}", kwargs={"slug": member.study.slug})


def test_the_old_address_leads_to_the_rejection(member: Member, client: Client) -> None:
    made = credit(member, 80)
    client.force_login(staff(member.study).user)
    names = {"slug": member.study.slug, "transfer_id": made.id}
    old = reverse("compensation:reverse", kwargs=names)
    answer = client.get(old)
    assert answer.headers["Location"] == reverse("compensation:reject", kwargs=names)
    client.post(old, {"reason": "Credited twice."})
    assert queries.balances(member_id=member.id) == {"GBP": 80}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_coordinators_and_auditors_view_all_entries(role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    person = MemberFactory.create(cohort=CohortFactory.create(role=role if judges else "panelist"))
    credit(person)
    client.force_login((person if judges else staff(person.study, role)).user)
    reads = 200 if role == Role.AUDITOR else 403
    answer = client.get(address("entries", person))
    assert answer.status_code == reads
    assert "/reject/" not in answer.content.decode()


def test_entries_of_another_study_are_not_there(member: Member, client: Client) -> None:
    credit(member)
    other = staff(MemberFactory.create().study)
    client.force_login(other.user)
    assert member.pseudonym not in client.get(address("entries", other)).content.decode()


def test_entries_say_the_state_of_the_work(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    waiting = credit(member, 11)
    rejection = reject(credit(member, 22), member)
    page = client.get(address("entries", member)).content.decode()
    for said in ("not checked yet", "not accepted", "−£0.22", "reverses the payment of"):
        assert said in page, said
    assert page.count("/reject/") == 1
    assert f"{waiting.id}/reject/" in page
    rejections.pay_after_all(
        actor=Actor.of(staff(member.study).user), study=member.study, rejection_id=rejection.id
    )
    page = client.get(address("entries", member)).content.decode()
    assert "paid after all" in page
    assert "not accepted" not in page


def test_entries_make_constant_queries(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    ledger.reverse(transfer=credit(member))
    few = queries_of(client, address("entries", member))
    for _ in range(4):
        ledger.reverse(transfer=credit(member))
    assert queries_of(client, address("entries", member)) == few


def test_a_coordinator_knows_whose_pay_is_whose(member: Member, client: Client) -> None:
    credit(member, 1250)
    credit(member, 500, currency="JPY")
    other = MemberFactory.create(cohort=member.cohort)
    client.force_login(staff(member.study).user)
    people = reverse("enrolment:people", kwargs={"slug": member.study.slug})
    rows = client.get(people).content.decode().split("<tr")
    row = next(row for row in rows if member.user.email in row)
    assert member.pseudonym in row
    assert "£12.50, ¥500" in row
    assert "£" not in next(row for row in rows if other.user.email in row)
    few = queries_of(client, people)
    for _ in range(3):
        credit(MemberFactory.create(cohort=member.cohort))
    assert queries_of(client, people) == few
    client.force_login(member.user)
    own = client.get(address("mine", member)).content.decode()
    assert f"Your reference: <strong>{member.pseudonym}</strong>" in own
