"""The page of a study's budget, and its card."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import Budget
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit, set_budget
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def page(member: Member) -> str:
    return reverse("compensation:budget", kwargs={"slug": member.study.slug})


def test_a_coordinator_sets_a_budget_and_sees_what_is_left(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    assert "there is no limit" in client.get(page(member)).content.decode()
    credit(member, 4100)
    sent = {"amount": "50", "currency": "gbp"}
    answer = client.post(page(member), sent, follow=True).content.decode()
    assert "Saved: the study can spend £50.00 on pay." in answer
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug})).content.decode()
    for text in (answer, home):
        for amount in ("£41.00", "£9.00", "£50.00"):
            assert amount in text
        assert "82% of the budget is used." in text
    credit(member, 1000)
    assert "Nothing is left." in client.get(page(member)).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "1.500"), ("amount", "-1"), ("amount", "9" * 20), ("currency", "GPB")],
)
def test_a_budget_that_cannot_be_is_explained(
    member: Member, client: Client, field: str, value: str
) -> None:
    client.force_login(staff(member.study).user)
    answer = client.post(page(member), {"amount": "50", "currency": "GBP"} | {field: value})
    assert answer.status_code == 400
    assert not Budget.objects.exists()


def test_an_auditor_reads_and_a_panelist_does_not(member: Member, client: Client) -> None:
    client.force_login(staff(member.study, Role.AUDITOR).user)
    assert "Set the budget" not in client.get(page(member)).content.decode()
    assert client.post(page(member), {"amount": "5", "currency": "GBP"}).status_code == 403
    client.force_login(member.user)
    assert client.get(page(member)).status_code == 403


def test_the_page_makes_constant_queries(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    set_budget(member.study, 1000)
    few = queries_of(client, page(member))
    for amount in range(5):
        set_budget(member.study, amount)
        set_budget(member.study, amount, "EUR")
        credit(member)
    assert queries_of(client, page(member)) == few
