"""Batches: two people, states, files, and money that is sent exactly once."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from codesign.audit.models import Event
from codesign.compensation.models import Payout, PayoutBatch, PayoutFile, PayoutMethod, Transfer
from codesign.compensation.queries import ledger as book
from codesign.compensation.queries import payout_checks, trial_balance
from codesign.compensation.queries import payouts as queries
from codesign.compensation.rules.payout_files import Totals, totals_of
from codesign.compensation.services import ledger, payout_methods, payouts
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.services import withdraw
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Gone, Invalid, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit
from tests.factories.consent import sign
from tests.factories.payouts import PAYER, Two, method_of, owed
from tests.factories.studies import MemberFactory, staff
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


def proven() -> None:
    """The ledger balances, its counters are right, and payouts fit their transfers."""
    wrong = [*trial_balance.imbalances(), *payout_checks.payouts_against_ledger()]
    assert wrong == []


def balance(member: Member) -> int:
    return book.balances(member_id=member.id).get("EUR", 0)


def in_flight() -> int:
    return sum(total for kind, _, total in trial_balance.totals() if kind == "in_flight")


def test_a_batch_pays_what_is_owed_and_nothing_else() -> None:
    member = owed(amount_minor=1205)
    other = owed(member.cohort, 80, kind="paypal")
    nobody = MemberFactory.create(cohort=member.cohort)
    two = Two.of(member)
    batch = two.make()
    assert [payout.member_id for payout in batch.payouts.all()] == [member.id]
    assert (balance(member), in_flight()) == (1205, 0)
    proven()
    content = two.send(batch)
    assert (balance(member), balance(other), balance(nobody), in_flight()) == (0, 80, 0, 1205)
    proven()
    file = PayoutFile.objects.get(batch=batch)
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert len(content) == file.size
    totals = totals_of("bank", content, currency="EUR")
    assert totals == Totals(1, 1205) == Totals(file.count, file.total_minor)
    assert b"DE89370400440532013000" in content
    stored = bytes(PayoutFile.objects.get(batch=batch).content)
    assert b"DE89" not in stored
    two.settle(batch)
    assert (balance(member), in_flight()) == (0, 0)
    proven()
    batch.refresh_from_db()
    assert batch.state == "settled"
    moves = Event.objects.filter(action="compensation.batch_moved").order_by("id")
    assert [event.data["to"] for event in moves] == ["approved", "sent", "settled"]


def test_a_file_names_neither_study_nor_person_in_its_references() -> None:  # standards 3.14
    member = owed()
    content = Two.of(member).send(Two.of(member).make())
    for said in (member.study.title, member.study.slug, member.pseudonym, member.user.email):
        assert said.encode() not in content


def test_a_sepa_file_equals_the_ledger() -> None:
    member = owed(amount_minor=1205)
    for amount in (1, 99, 100_000):
        owed(member.cohort, amount)
    two = Two.of(member)
    content = two.send(two.make(channel="sepa"))
    assert totals_of("sepa", content, currency="EUR") == Totals(4, 101_305)
    assert in_flight() == 101_305
    proven()


def test_the_bytes_of_a_file_are_the_same_each_time_and_each_time_is_recorded() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.make(channel="sepa")
    first = two.send(batch)
    for reader in (two.maker, two.approver):
        assert payouts.hand_out(actor=Actor.of(reader.user), batch=batch)[1] == first
    other = staff(member.study)
    with pytest.raises(NotPermitted, match="Only the two people"):
        payouts.hand_out(actor=Actor.of(other.user), batch=batch)
    read = Event.objects.filter(action="compensation.payout_file_read").order_by("id")
    assert [event.actor_id for event in read] == [
        two.approver.user_id,
        two.maker.user_id,
        two.approver.user_id,
    ]
    two.settle(batch)
    with pytest.raises(Gone, match="deleted"):
        payouts.hand_out(actor=Actor.of(two.maker.user), batch=batch)


def test_the_maker_cannot_approve() -> None:  # standards 3.12
    member = owed()
    two = Two.of(member)
    batch = two.make()
    with pytest.raises(NotPermitted, match="Another coordinator"):
        Two(two.approver, two.maker).approve(batch)
    with pytest.raises(IntegrityError, match="approved_by_another"), transaction.atomic():
        PayoutBatch.objects.filter(id=batch.id).update(approved_by=two.maker)
    assert balance(member) == 1000


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_coordinators_handle_batches(role: Role) -> None:
    member = owed()
    two = Two.of(member)
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    batch = two.make()
    person = member if judges else staff(member.study, role)
    for wrong in (Two(person, two.approver).make, partial(Two(two.maker, person).approve, batch)):
        with pytest.raises(NotPermitted, match="Your role"):
            wrong()
    with pytest.raises(NotPermitted, match="Your role"):
        payouts.cancel(actor=Actor.of(person.user), batch=batch)
    with pytest.raises(NotPermitted, match="Two people"):
        payouts.cancel(actor=SYSTEM, batch=batch)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.make()
    third = staff(member.study)
    results = at_once(partial(two.approve, batch), partial(Two(two.maker, third).approve, batch))
    assert kinds(results) == ["Conflict", "PayoutBatch"]
    assert (balance(member), in_flight()) == (0, 1000)
    assert Transfer.objects.filter(kind="sent").count() == 1
    proven()


@pytest.mark.django_db(transaction=True)
def test_of_two_batches_for_the_same_money_one_is_approved() -> None:
    member = owed()
    two = Two.of(member)
    batches = [two.make(), two.make()]
    third = staff(member.study)
    results = at_once(
        partial(two.approve, batches[0]), partial(Two(two.maker, third).approve, batches[1])
    )
    assert kinds(results) == ["Conflict", "PayoutBatch"]
    assert (balance(member), in_flight()) == (0, 1000)
    proven()


@pytest.mark.django_db(transaction=True)
def test_money_that_is_taken_back_in_the_same_moment_is_not_sent_too() -> None:
    member = MemberFactory.create()
    made = credit(member, 1000, currency="EUR")
    method_of(member)
    two = Two.of(member)
    batch = two.make()
    at_once(
        partial(two.approve, batch),
        partial(ledger.reverse, transfer=made),
    )
    sent = Transfer.objects.filter(kind="sent").count()
    assert balance(member) == (-1000 if sent else 0)  # approved first: it is owed back
    proven()


@pytest.mark.django_db(transaction=True)
def test_download_and_cancel_at_once_do_not_both_happen() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.approve(two.make())
    results = at_once(
        partial(payouts.hand_out, actor=Actor.of(two.maker.user), batch=batch),
        partial(payouts.cancel, actor=Actor.of(two.approver.user), batch=batch),
    )
    assert "Conflict" in kinds(results)
    batch.refresh_from_db()
    assert (batch.state, balance(member)) in {("sent", 0), ("cancelled", 1000)}
    proven()


def test_the_approver_approves_what_they_saw() -> None:
    member = owed(amount_minor=1000)
    other = owed(member.cohort, 500)
    two = Two.of(member)
    batch = two.make()
    seen = queries.ready(batch=batch)
    ledger.reverse(
        transfer=Transfer.objects.get(
            kind="credit", study_id=member.study_id, legs__account__owner_id=other.id
        ),
    )
    with pytest.raises(Conflict, match="has changed"):
        payouts.approve(
            actor=Actor.of(two.approver.user),
            batch=batch,
            count=len(seen.sent),
            total_minor=seen.total,
        )
    assert in_flight() == 0
    two.approve(batch)
    left = batch.payouts.get(member=other)
    assert (left.state, left.left_out) == ("left_out", "owed_less")
    assert in_flight() == 1000
    proven()


def test_details_that_change_after_the_draft_are_not_paid_by_it() -> None:
    member = owed()
    other = owed(member.cohort)
    two = Two.of(member)
    batch = two.make()
    payout_methods.choose_method(
        actor=Actor.of(member.user), study=member.study, kind="cash", details={}
    )
    two.approve(batch)
    assert {p.member_id: p.left_out for p in batch.payouts.all()} == {
        member.id: "changed",
        other.id: "",
    }
    assert balance(member) == 1000


def test_an_approved_batch_is_cancelled_until_its_file_is_read() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.approve(two.make())
    assert (balance(member), in_flight()) == (0, 1000)
    payouts.cancel(actor=Actor.of(two.maker.user), batch=batch)
    assert (balance(member), in_flight()) == (1000, 0)
    assert not PayoutFile.objects.get(batch=batch).content
    proven()
    with pytest.raises(Conflict, match="cancelled"):
        payouts.hand_out(actor=Actor.of(two.maker.user), batch=batch)
    again = two.make()
    two.send(again)
    with pytest.raises(Conflict, match="sent"):
        payouts.cancel(actor=Actor.of(two.maker.user), batch=again)
    references = Payout.objects.values_list("reference", flat=True)
    assert len(set(references)) == 2
    proven()


def test_work_after_the_draft_is_owed_on() -> None:
    member = owed(amount_minor=1000)
    two = Two.of(member)
    batch = two.make()
    credit(member, 80, currency="EUR")
    two.send(batch)
    assert (balance(member), in_flight()) == (80, 1000)
    proven()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "GBP", "channel": "sepa"}, "channel"),
        ({"currency": "XXX"}, "currency"),
        ({"channel": "pigeon"}, "channel"),
        ({"threshold_minor": -1}, "threshold"),
        ({"channel": "sepa", "payer_iban": "DE00"}, "payer_iban"),
        ({"channel": "sepa", "payer_name": "Gruppe für"}, "payer_name"),
    ],
)
def test_a_batch_that_cannot_be_paid_says_what_to_change(
    changes: dict[str, object], field: str
) -> None:
    member = owed()
    asked = {"currency": "EUR", "channel": "bank", "threshold_minor": 0, **PAYER, **changes}
    with pytest.raises(Invalid) as refused:
        payouts.make_batch(
            actor=Actor.of(staff(member.study).user),
            study=member.study,
            **asked,  # type: ignore[arg-type]
        )
    assert list(refused.value.fields) == [field]


def test_a_batch_without_people_is_not_made() -> None:
    member = owed(kind=None)
    with pytest.raises(Conflict, match="Nobody can be paid"):
        Two.of(member).make()
    assert not PayoutBatch.objects.exists()


@pytest.mark.parametrize("level", list(WithdrawalLevel))
def test_who_leaves_is_paid_below_the_threshold_and_then_forgotten(level: WithdrawalLevel) -> None:
    member = owed(amount_minor=5)
    sign(member)
    withdraw(actor=Actor.of(member.user), member=member, level=level)
    method = PayoutMethod.objects.get(member=member)
    assert method.ciphertext
    two = Two.of(member)
    batch = two.make(threshold=1000)
    two.send(batch)
    method.refresh_from_db()
    assert method.ciphertext
    two.settle(batch)
    method.refresh_from_db()
    assert not method.ciphertext
    assert method.shredded_at
    assert not PayoutFile.objects.get(batch=batch).content
    proven()


@pytest.mark.django_db(transaction=True)
def test_who_erases_in_the_same_moment_is_paid_once() -> None:
    member = owed()
    sign(member)
    two = Two.of(member)
    batch = two.make()
    results = at_once(
        partial(two.approve, batch),
        partial(
            withdraw,
            actor=Actor.of(member.user),
            member=member,
            level=WithdrawalLevel.ERASE,
        ),
    )
    assert "PayoutBatch" in kinds(results)
    assert (balance(member), in_flight()) == (0, 1000)
    payouts.hand_out(actor=Actor.of(two.maker.user), batch=batch)
    two.settle(batch)
    payout_methods.shred_unused()
    assert not PayoutMethod.objects.get(member=member).ciphertext
    assert Transfer.objects.filter(kind="paid").count() == 1
    proven()


def test_a_payout_cannot_be_changed_or_deleted() -> None:
    member = owed()
    two = Two.of(member)
    two.send(two.make())
    for statement in (
        "UPDATE compensation_payout SET amount_minor = 1",
        "UPDATE compensation_payout SET reference = 'x'",
        "UPDATE compensation_payoutfile SET sha256 = 'x'",
        "DELETE FROM compensation_payout",
        "DELETE FROM compensation_payoutfile",
        "DELETE FROM compensation_payoutbatch",
    ):
        with (
            pytest.raises(Exception, match=r"write_once|no_delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_trial_balance_names_a_payout_that_does_not_fit() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.make()
    two.send(batch)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE compensation_payout SET state = 'paid'")
    reference = batch.payouts.get().reference
    assert list(payout_checks.payouts_against_ledger()) == [
        f"The transfers of payout {reference} do not fit its state."
    ]
