"""Batches on their pages: made by one coordinator, approved by another, settled by a file."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import PayoutBatch, PayoutFile
from codesign.compensation.queries import ledger as book
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit
from tests.factories.payouts import Two, method_of, owed
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db
ASKED = {"payout-currency": "EUR", "payout-channel": "bank", "payout-threshold": "5.00"}
PAYER = {"payout-payer_name": "Made-up Group", "payout-payer_iban": "DE89370400440532013000"}


def address(name: str, member: Member, batch: PayoutBatch | None = None) -> str:
    names = {"slug": member.study.slug} | ({"batch_id": batch.id} if batch else {})
    return reverse(f"compensation:{name}", kwargs=names)


def as_(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def text_of(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def test_a_preview_says_who_is_paid_and_who_is_not_and_why() -> None:
    member = owed(amount_minor=1205)
    below = owed(member.cohort, 499)
    missing = owed(member.cohort, 900, kind=None)
    paypal = owed(member.cohort, 900, kind="paypal")
    maker = as_(staff(member.study))
    assert "€35.04" in text_of(maker.get(address("payouts", member)))
    preview = text_of(maker.post(address("new-payout", member), {**ASKED, "do": "preview"}))
    assert "€12.05" in preview
    assert "1 person is paid." in preview
    for person, why, amount in (
        (below, "Is owed less than the threshold", "€4.99"),
        (missing, "Has not said how to be paid", "€9.00"),
        (paypal, "Is paid in another way", "€9.00"),
    ):
        group = preview.split(f"<summary>{why}: 1</summary>")[1].split("</details>")[0]
        assert f"<bdi>{person.pseudonym}</bdi>, {amount}" in group
    assert not PayoutBatch.objects.exists()


def test_a_batch_from_its_maker_to_its_result() -> None:
    member = owed(amount_minor=1205)
    two = Two.of(member)
    maker, approver = as_(two.maker), as_(two.approver)
    made = maker.post(address("new-payout", member), {**ASKED, "do": "make"}, follow=True)
    batch = PayoutBatch.objects.get()
    own = text_of(made)
    assert "You made this batch. Another coordinator must approve it." in own
    assert "/approve/" not in own
    refused = maker.post(
        address("approve-payout", member, batch), {"count": 1, "total_minor": 1205}
    )
    assert refused.status_code == 403

    shown = text_of(approver.get(address("payout", member, batch)))
    assert "Approve: €12.05 to 1 person" in shown
    seen = dict(re.findall(r'name="(count|total_minor)" value="(\d+)"', shown))
    assert seen == {"count": "1", "total_minor": "1205"}
    done = approver.post(address("approve-payout", member, batch), seen, follow=True)
    assert "Approved. The file is ready to download." in text_of(done)
    assert approver.post(address("approve-payout", member, batch), seen).status_code == 409

    got = approver.post(address("payout-file", member, batch))
    assert hashlib.sha256(got.content).hexdigest() == PayoutFile.objects.get().sha256
    assert got["Content-Disposition"] == f'attachment; filename="payout-{batch.id}.csv"'
    page = text_of(approver.get(address("payout", member, batch)))
    assert "This file was downloaded before" in page
    assert "Cancel this batch" not in page

    reference = batch.payouts.get().reference
    rows = f"reference,outcome,amount\n{reference},paid,12.05\n".encode()
    for n in (1, 0):
        sent = maker.post(
            address("payout-results", member, batch),
            {"file": SimpleUploadedFile("results.csv", rows)},
            follow=True,
        )
        assert f"Imported. Payouts that changed: {n}." in text_of(sent)
    assert "settled" in text_of(maker.get(address("payout", member, batch)))
    assert maker.post(address("payout-file", member, batch)).status_code == 410
    assert book.balances(member_id=member.id) == {"EUR": 0}


def test_a_sepa_batch_needs_the_account_that_pays(client: Client) -> None:
    member = owed()
    client.force_login(staff(member.study).user)
    asked = {**ASKED, "payout-channel": "sepa", "do": "make"}
    answer = client.post(address("new-payout", member), asked)
    assert answer.status_code == 400
    assert "type the name on the account" in text_of(answer)
    assert "not a valid IBAN" in text_of(answer)
    client.post(address("new-payout", member), {**asked, **PAYER})
    batch = PayoutBatch.objects.get()
    assert batch.channel == "sepa"
    assert b"DE89" not in bytes(batch.payer)


@pytest.mark.parametrize("wrong", [{}, {"count": "x", "total_minor": "1000"}, {"count": "1"}])
def test_an_approval_without_the_seen_totals_is_refused(
    wrong: dict[str, str], client: Client
) -> None:
    member = owed()
    two = Two.of(member)
    batch = two.make()
    client.force_login(two.approver.user)
    assert client.post(address("approve-payout", member, batch), wrong).status_code == 409
    assert book.balances(member_id=member.id) == {"EUR": 1000}


def test_a_wrong_file_of_results_says_which_line(client: Client) -> None:
    member = owed()
    two = Two.of(member)
    two.send(batch := two.make())
    client.force_login(two.maker.user)
    for content, says in (
        (b"", "The first line must name the columns"),
        (b"reference,outcome\nPYX,paid\n", "Line 2: “PYX” is not in this batch."),
    ):
        answer = client.post(
            address("payout-results", member, batch),
            {"file": SimpleUploadedFile("results.csv", content)},
        )
        assert answer.status_code == 400
        assert says in text_of(answer)
    assert client.post(address("payout-results", member, batch)).status_code == 400


def test_a_batch_is_cancelled_after_a_question(client: Client) -> None:
    member = owed()
    two = Two.of(member)
    batch = two.approve(two.make())
    client.force_login(two.maker.user)
    assert "Cancel this batch?" in text_of(client.get(address("cancel-payout", member, batch)))
    done = client.post(address("cancel-payout", member, batch), follow=True)
    assert "Nobody was paid by this batch." in text_of(done)
    assert book.balances(member_id=member.id) == {"EUR": 1000}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_coordinators_pay_and_auditors_can_look(role: Role, client: Client) -> None:
    member = owed()
    two = Two.of(member)
    batch = two.approve(two.make())
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    client.force_login((member if judges else staff(member.study, role)).user)
    reads = 200 if role == Role.AUDITOR else 403
    for name, one in (("payouts", None), ("people", None), ("payout", batch)):
        answer = client.get(address(name, member, one))
        assert answer.status_code == reads
        assert "DE89" not in answer.content.decode()
    for name in ("approve-payout", "cancel-payout", "payout-file", "payout-results"):
        assert client.post(address(name, member, batch)).status_code == 403
    assert client.post(address("new-payout", member), ASKED).status_code == 403


def test_batches_of_another_study_are_not_there(client: Client) -> None:
    member = owed()
    two = Two.of(member)
    batch = two.approve(two.make())
    other = staff(MemberFactory.create().study)
    client.force_login(other.user)
    assert client.get(address("payout", other, batch)).status_code == 404
    for name in ("approve-payout", "cancel-payout", "payout-file", "payout-results"):
        assert client.post(address(name, other, batch)).status_code == 404
    assert str(batch.id) not in client.get(address("payouts", other)).content.decode()


def test_pages_of_batches_make_constant_queries(client: Client) -> None:
    member = owed()
    two = Two.of(member)
    client.force_login(two.approver.user)
    batch = two.make()
    few = [
        queries_of(client, address(name, member, one))
        for name, one in (("payouts", None), ("people", None), ("payout", batch))
    ]
    for _ in range(3):
        owed(member.cohort)
    more = two.make()
    two.make(threshold=1)
    assert few == [
        queries_of(client, address(name, member, one))
        for name, one in (("payouts", None), ("people", None), ("payout", more))
    ]


def test_nothing_owed_says_so(client: Client) -> None:
    member = MemberFactory.create()
    client.force_login(staff(member.study).user)
    for name in ("payouts", "new-payout"):
        assert "Nothing. Everybody is paid." in text_of(client.get(address(name, member)))


def test_a_currency_without_decimals_is_paid_whole(client: Client) -> None:
    member = MemberFactory.create()
    credit(member, 500, currency="JPY")
    method_of(member, "paypal")
    two = Two.of(member)
    content = two.send(two.make(currency="JPY", channel="paypal"))
    assert b"robin@example.org,500,JPY,PY" in content


def test_a_batch_that_waits_is_on_the_home_page_of_the_other_coordinator() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.make()
    home = reverse("desk:study", kwargs={"slug": member.study.slug})
    waits = "1 payout batch waits for a second coordinator."
    assert waits in text_of(as_(two.approver).get(home))
    assert waits not in text_of(as_(two.maker).get(home))
    two.approve(batch)
    assert waits not in text_of(as_(two.approver).get(home))
