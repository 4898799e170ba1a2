"""Your pay, and the coordinator's rates."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation import queries, services
from codesign.compensation.models import PayRate
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from tests.counting import queries_of
from tests.factories.compensation import credit, set_rate
from tests.factories.studies import MemberFactory, staff

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
    for said in ("£12,345.67", "¥500", "−£0.80", "was taken back"):
        assert said in page, said
    assert "99.99" not in page


def test_many_entries_come_in_pages_by_constant_queries(member: Member, client: Client) -> None:
    client.force_login(member.user)
    credit(member)
    few = queries_of(client, address("mine", member))
    for _ in range(60):
        credit(member)
    assert queries_of(client, address("mine", member)) == few
    assert "Page 1 of 2" in client.get(address("mine", member)).content.decode()


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
