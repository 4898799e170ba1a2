"""A person's own pay."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import Transfer
from codesign.compensation.services import ledger
from codesign.studies.models import Member
from tests.factories.compensation import credit, reject
from tests.factories.payouts import Two, method_of, owed
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
    ledger.reverse(transfer=made)
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
    pages = pages_of(client, address("mine", member))
    assert [page.count('<tr role="row">') - 1 for page in pages] == [50, 11]


def test_a_person_sees_where_their_money_is(client: Client) -> None:
    member = owed(amount_minor=1000, kind=None)
    client.force_login(member.user)

    def page() -> str:
        return " ".join(client.get(address("mine", member)).content.decode().split())

    assert "Tell us how you would like to be paid." in page()
    method_of(member)
    assert "You need to do nothing." in page()
    assert "DE••••3000" in page()
    two = Two.of(member)
    two.send(batch := two.make())
    reference = batch.payouts.get().reference
    for said in ("On its way", "€10.00", "€0.00", reference, "Sent to you"):
        assert said in page(), said
    two.report(batch, **{reference: "unknown"})
    assert "we are asking the bank where it is" in page()
    two.report(batch, **{reference: "failed"})
    assert "did not arrive; we owe it to you again" in page()
    two.send(again := two.make())
    two.settle(again)
    assert "arrived" in page()


def test_who_was_paid_for_rejected_work_reads_what_it_means(client: Client) -> None:
    member = owed(amount_minor=500)
    two = Two.of(member)
    batch = two.make()
    two.send(batch)
    two.settle(batch)
    reject(Transfer.objects.get(kind="credit"), member)
    client.force_login(member.user)
    page = " ".join(client.get(address("mine", member)).content.decode().split())
    assert "Paid and not owed any more" in page
    assert "You need not send anything back." in page
    assert "Owed to you" not in page
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug})).content.decode()
    assert "Owed to you" in home
    assert "−" not in home
    credit(member, 700, currency="EUR")
    page = " ".join(client.get(address("mine", member)).content.decode().split())
    assert "Owed to you" in page
    assert "€2.00" in page
    assert "send anything back" not in page
