"""All entries of a study's ledger, and reversals."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.audit.models import Event
from codesign.compensation.models import Transfer
from codesign.compensation.queries import ledger as queries
from codesign.compensation.services import ledger
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(name: str, member: Member) -> str:
    return reverse(f"compensation:{name}", kwargs={"slug": member.study.slug})


def take_back(member: Member, transfer: Transfer) -> str:
    names = {"slug": member.study.slug, "transfer_id": transfer.id}
    return reverse("compensation:reverse", kwargs=names)


def test_a_coordinator_takes_a_credit_back_for_a_reason(member: Member, client: Client) -> None:
    made = credit(member, 80)
    client.force_login(staff(member.study).user)
    asked = client.get(take_back(member, made)).content.decode()
    assert f"Reverse the payment of £0.80 to {member.pseudonym}?" in asked
    assert client.post(take_back(member, made), {"reason": "  "}).status_code == 400
    assert queries.balances(member_id=member.id) == {"GBP": 80}
    done = client.post(take_back(member, made), {"reason": "Credited twice."}, follow=True)
    page = done.content.decode()
    for said in ("£0.80", "−£0.80", "reverses the payment of", "reversed"):
        assert said in page, said
    assert queries.balances(member_id=member.id) == {"GBP": 0}
    assert Event.objects.get(action="compensation.reversed").data == {"reason": "Credited twice."}
    again = client.post(take_back(member, made), {"reason": "Once more."})
    assert again.status_code == 409


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_coordinators_reverse_and_auditors_can_view(role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    person = MemberFactory.create(cohort=CohortFactory.create(role=role if judges else "panelist"))
    made = credit(person)
    client.force_login((person if judges else staff(person.study, role)).user)
    reads = 200 if role == Role.AUDITOR else 403
    assert client.get(address("entries", person)).status_code == reads
    assert client.post(take_back(person, made), {"reason": "Mine."}).status_code == 403
    assert queries.balances(member_id=person.id) == {"GBP": 80}


def test_entries_of_another_study_are_not_there(member: Member, client: Client) -> None:
    made = credit(member)
    other = staff(MemberFactory.create().study)
    client.force_login(other.user)
    assert client.post(take_back(other, made), {"reason": "Not mine."}).status_code == 404
    assert member.pseudonym not in client.get(address("entries", other)).content.decode()


def test_entries_make_constant_queries(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    ledger.reverse(actor=SYSTEM, transfer=credit(member), reason="test")
    few = queries_of(client, address("entries", member))
    for _ in range(4):
        ledger.reverse(actor=SYSTEM, transfer=credit(member), reason="test")
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
