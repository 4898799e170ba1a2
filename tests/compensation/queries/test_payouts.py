"""What a batch can pay: rejections, debts and accounts that are not independent."""

from __future__ import annotations

import pytest

from codesign.compensation.models import Transfer
from codesign.compensation.queries import ledger as book
from codesign.compensation.queries import payout_checks, trial_balance
from codesign.compensation.queries import payouts as queries
from codesign.compensation.services import payouts, rejections
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, NotPermitted
from codesign.studies.models import Member
from tests.factories.compensation import credit, propose, reject
from tests.factories.payouts import Two, owed

pytestmark = pytest.mark.django_db


def proven() -> None:
    """The ledger balances, its counters are right, and payouts fit their transfers."""
    assert [*trial_balance.imbalances(), *payout_checks.payouts_against_ledger()] == []


def balance(member: Member) -> int:
    return book.balances(member_id=member.id).get("EUR", 0)


def in_flight() -> int:
    return sum(total for kind, _, total in trial_balance.totals() if kind == "in_flight")


def test_pay_that_is_proposed_to_be_rejected_waits_and_the_rest_is_sent() -> None:
    member = owed(amount_minor=1000)
    made = credit(member, 300, currency="EUR")
    two = Two.of(member)
    first = two.make()
    assert first.payouts.get().amount_minor == 1300
    proposal = propose(made, member)
    with pytest.raises(Conflict, match="has changed"):
        payouts.approve(actor=Actor.of(two.approver.user), batch=first, count=1, total_minor=1300)
    two.send(two.make())
    assert (balance(member), in_flight()) == (300, 1000)
    with pytest.raises(Conflict, match="Nobody can be paid"):
        two.make()
    rejections.take_back(
        actor=Actor.of(two.maker.user), study=member.study, rejection_id=proposal.id
    )
    two.send(two.make())
    assert (balance(member), in_flight()) == (0, 1300)
    proven()


def test_debts_of_some_do_not_hide_what_others_are_owed() -> None:
    member = owed(amount_minor=500)
    two = Two.of(member)
    batch = two.make()
    two.send(batch)
    two.settle(batch)
    reject(Transfer.objects.get(kind="credit"), member)
    assert balance(member) == -500
    assert queries.currencies_owed(study_id=member.study_id) == []
    other = owed(member.cohort, 200)
    assert queries.currencies_owed(study_id=member.study_id) == [("EUR", 200)]
    batch = two.make()
    assert [payout.member_id for payout in batch.payouts.all()] == [other.id]
    credit(member, 600, currency="EUR")  # the first 500 are counted against what was paid
    assert two.make().payouts.get(member=member).amount_minor == 100
    proven()


def test_a_second_account_of_the_maker_does_not_approve() -> None:
    member = owed()
    two = Two.of(member)
    name, _, domain = two.maker.user.email.partition("@")
    two.approver.user.email = f"{name}+second@{domain}"
    two.approver.user.save(update_fields=["email"])
    batch = two.make()
    for pair in (two, Two(two.approver, two.maker)):
        with pytest.raises(NotPermitted, match=r"not independent|You made this batch"):
            pair.approve(batch)
    assert in_flight() == 0
    two.approver.user.email = "independent@example.org"
    two.approver.user.save(update_fields=["email"])
    two.approve(batch)
