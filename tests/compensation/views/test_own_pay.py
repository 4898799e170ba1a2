"""A person's own pay."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.services import ledger
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from tests.factories.compensation import credit
from tests.factories.studies import MemberFactory
from tests.support.counting import pages_of, queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(name: str, member: Member) -> str:
    return reverse(f"compensation:{name}", kwargs={"slug": member.study.slug})


def test_every_entry_is_there_and_exact(member: Member, client: Client) -> None:
    client.force_login(member.user)
    assert "not earned anything yet" in client.get(address("mine", member)).content.decode()
    credit(member, 1_234_567)
    made = credit(member, 80)
    ledger.reverse(actor=SYSTEM, transfer=made, reason="test")
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
