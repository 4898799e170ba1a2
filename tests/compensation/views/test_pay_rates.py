"""The coordinator's pay rates."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import PayRate
from codesign.compensation.queries import pay_rates
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import set_rate
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(name: str, member: Member) -> str:
    return reverse(f"compensation:{name}", kwargs={"slug": member.study.slug})


def key_of(member: Member) -> str:
    assert member.cohort is not None
    return member.cohort.key


def test_a_coordinator_sets_a_rate(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    page = address("rates", member)
    assert "not set" in client.get(page).content.decode()
    sent = {"cohort": key_of(member), "amount": "1.50", "currency": "gbp", "minutes": "3"}
    assert client.post(page, sent).status_code == 302
    rate = PayRate.objects.get()
    assert (rate.amount_minor, rate.currency, rate.estimated_seconds) == (150, "GBP", 180)
    assert "£30.00 an hour" in client.get(page).content.decode()
    assert pay_rates.rates_in_force(study_id=member.study_id, at=rate.effective_from) == {
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


def test_without_a_cohort_only_a_coordinator_gets_the_link_to_add_one(client: Client) -> None:
    study = StudyFactory.create()
    cohorts = reverse("studies:cohorts", kwargs={"slug": study.slug})
    for role in (Role.COORDINATOR, Role.AUDITOR):
        client.force_login(staff(study, role).user)
        page = client.get(reverse("compensation:rates", kwargs={"slug": study.slug}))
        assert "There is no cohort yet" in page.content.decode()
        assert (cohorts in page.content.decode()) == (role == Role.COORDINATOR)
        assert "Set the rate" not in page.content.decode()
