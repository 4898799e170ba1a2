"""Your pay, and the coordinator's rates."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.audit.models import Event
from codesign.compensation import queries, services
from codesign.compensation.models import PayRate, Transfer
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit, set_rate
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import pages_of, queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(name: str, member: Member) -> str:
    return reverse(f"compensation:{name}", kwargs={"slug": member.study.slug})


def key_of(member: Member) -> str:
    assert member.cohort is not None
    return member.cohort.key


def test_every_entry_is_there_and_exact(member: Member, client: Client) -> None:
    client.force_login(member.user)
    assert "not earned anything yet" in client.get(address("mine", member)).content.decode()
    credit(member, 1_234_567)
    made = credit(member, 80)
    services.reverse(actor=SYSTEM, transfer=made, reason="test")
    credit(member, 500, currency="JPY")
    credit(MemberFactory.create(cohort=member.cohort), 99_99)  # somebody else's
    page = client.get(address("mine", member)).content.decode()
    for said in ("£12,345.67", "¥500", "−£0.80", "was reversed"):
        assert said in page, said
    assert "99.99" not in page


def test_many_entries_come_in_pages_by_constant_queries(member: Member, client: Client) -> None:
    client.force_login(member.user)
    credit(member)
    few = queries_of(client, address("mine", member))
    for _ in range(60):
        credit(member)
    assert queries_of(client, address("mine", member)) == few
    pages = pages_of(client, address("mine", member))
    assert [page.count('<tr role="row">') - 1 for page in pages] == [50, 11]


def test_a_coordinator_sets_a_rate(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    page = address("rates", member)
    assert "not set" in client.get(page).content.decode()
    sent = {"cohort": key_of(member), "amount": "1.50", "currency": "gbp", "minutes": "3"}
    assert client.post(page, sent).status_code == 302
    rate = PayRate.objects.get()
    assert (rate.amount_minor, rate.currency, rate.estimated_seconds) == (150, "GBP", 180)
    assert "£30.00 an hour" in client.get(page).content.decode()
    assert queries.rates_in_force(study_id=member.study_id, at=rate.effective_from) == {
        member.cohort_id: rate
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "-1"), ("amount", "0.005"), ("amount", "NaN"), ("currency", "pounds"),
     ("minutes", "0"), ("cohort", "unheard-of")],
)  # fmt: skip
def test_a_rate_that_cannot_be_is_explained(
    member: Member, client: Client, field: str, value: str
) -> None:
    client.force_login(staff(member.study).user)
    sent = {"cohort": key_of(member), "amount": "1.50", "currency": "GBP", "minutes": "3"}
    answer = client.post(address("rates", member), sent | {field: value})
    assert answer.status_code == 400
    assert not PayRate.objects.exists()


def test_yen_have_no_small_coins(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    sent = {"cohort": key_of(member), "amount": "150", "currency": "JPY", "minutes": "3"}
    assert client.post(address("rates", member), sent).status_code == 302
    assert PayRate.objects.get().amount_minor == 150


def test_rates_make_constant_queries(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    set_rate(member.cohort)
    few = queries_of(client, address("rates", member))
    for amount in range(5):
        set_rate(member.cohort, 80 + amount)
    assert queries_of(client, address("rates", member)) == few


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
    services.reverse(actor=SYSTEM, transfer=credit(member), reason="test")
    few = queries_of(client, address("entries", member))
    for _ in range(4):
        services.reverse(actor=SYSTEM, transfer=credit(member), reason="test")
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


def test_without_a_cohort_only_a_coordinator_gets_the_link_to_add_one(client: Client) -> None:
    study = StudyFactory.create()
    cohorts = reverse("studies:cohorts", kwargs={"slug": study.slug})
    for role in (Role.COORDINATOR, Role.AUDITOR):
        client.force_login(staff(study, role).user)
        page = client.get(reverse("compensation:rates", kwargs={"slug": study.slug}))
        assert "There is no cohort yet" in page.content.decode()
        assert (cohorts in page.content.decode()) == (role == Role.COORDINATOR)
        assert "Set the rate" not in page.content.decode()
