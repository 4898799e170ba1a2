"""The trial balance names each transfer that is wrong, and its study (standards 3.10)."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Assignment
from codesign.compensation.models import Account, Leg, Transfer
from codesign.compensation.queries import trial_balance
from codesign.compensation.rules.ledger import OF_PEOPLE, AccountKind, TransferKind
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import credit
from tests.factories.studies import MemberFactory
from tests.support.held_pay import without_triggers, wrong_in_the_book

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def account_of(member: Member, kind: AccountKind) -> Account:
    mine = kind in OF_PEOPLE
    account, _made = Account.objects.get_or_create(
        kind=kind,
        owner_kind="member" if mine else "study",
        owner_id=member.id if mine else member.study_id,
        currency="GBP",
        defaults={"owner_label": member.pseudonym},
    )
    return account


def move(
    member: Member,
    kind: TransferKind,
    legs: dict[AccountKind, int],
    *,
    about: uuid.UUID | None = None,
    reverses: Transfer | None = None,
) -> Transfer:
    """Post any transfer, whether or not it balances."""
    transfer = Transfer.objects.create(
        kind=kind,
        idempotency_key=str(uuid.uuid4()),
        study_id=member.study_id,
        about_kind="payout",
        about_id=about or uuid.uuid4(),
        reverses=reverses,
        effective_at=timezone.now(),
    )
    for name, amount in legs.items():
        Leg.objects.create(
            transfer=transfer,
            account=account_of(member, name),
            currency="GBP",
            amount_minor=amount,
        )
    return transfer


def payout(
    member: Member, amount: int, *ends: TransferKind, back: int | None = None
) -> list[Transfer]:
    """Send an amount to a person, and let the payout end in these ways."""
    about = uuid.uuid4()
    sent = {AccountKind.PAYABLE: -amount, AccountKind.IN_FLIGHT: amount}
    made = [move(member, TransferKind.SENT, sent, about=about)]
    for kind in ends:
        target = AccountKind.BANK if kind == TransferKind.PAID else AccountKind.PAYABLE
        ended = amount if back is None else back
        legs = {AccountKind.IN_FLIGHT: -ended, target: ended}
        made.append(move(member, kind, legs, about=about))
    return made


def take_back(member: Member, transfer: Transfer, amount: int = 80) -> Transfer:
    """Reverse a transfer that gave a person this amount."""
    legs = {AccountKind.PAYABLE: -amount, AccountKind.SPENT: amount}
    return move(member, TransferKind.REVERSAL, legs, reverses=transfer)


def wrong() -> list[str]:
    return list(trial_balance.imbalances())


def named(transfer: Transfer, member: Member) -> str:
    return f"Transfer {transfer.id} of study {member.study.slug}"


def test_credits_reversals_and_payouts_balance(member: Member) -> None:
    kept, taken_back = credit(member), credit(member)
    payout(member, 80, TransferKind.PAID)
    payout(member, 80, TransferKind.RETURNED)
    payout(member, 80)
    take_back(member, taken_back)  # after it was sent: below zero
    assert kept.legs.count() == 2
    assert wrong() == []


def test_legs_that_do_not_sum_to_zero(member: Member) -> None:
    with without_triggers():
        odd = move(member, TransferKind.BONUS, {AccountKind.PAYABLE: 5})
    assert wrong() == [
        f"{named(odd, member)}: the legs sum to 5 GBP.",
        f"The tallies of study {member.study.slug} in GBP differ from its legs.",
    ]


def test_a_credit_that_pays_two_people(member: Member) -> None:
    odd = credit(member)
    other = MemberFactory.create(study=member.study)
    with without_triggers():
        for who, kind, amount in (
            (other, AccountKind.PAYABLE, 80),
            (member, AccountKind.EXPENSES, -80),
        ):
            Leg.objects.create(
                transfer=odd,
                account=account_of(who, kind),
                currency="GBP",
                amount_minor=amount,
            )
    assert f"{named(odd, member)} is a credit with 4 legs, not two." in wrong()


def test_a_transfer_without_legs(member: Member) -> None:
    with without_triggers():
        empty = move(member, TransferKind.BONUS, {})
    assert wrong() == [f"{named(empty, member)} has no legs."]


def test_a_leg_in_another_currency_than_its_account(member: Member) -> None:
    odd = credit(member)
    connection.check_constraints()
    with without_triggers():
        Account.objects.update(currency="EUR")
    assert set(wrong()) == {f"{named(odd, member)} has a leg in another currency than its account."}


def test_a_reversal_that_is_not_the_opposite(member: Member) -> None:
    first = credit(member)
    odd = take_back(member, first, 79)
    assert set(wrong()) == {
        f"{named(odd, member)} is not the exact opposite of transfer {first.id}, which it reverses."
    }


@pytest.mark.parametrize(
    ("ends", "back"),
    [
        ((TransferKind.PAID, TransferKind.RETURNED), None),
        ((TransferKind.PAID, TransferKind.PAID), None),
        ((TransferKind.PAID,), 79),
    ],
    ids=["paid and returned", "paid twice", "paid in part"],
)
def test_a_payout_that_ends_twice_or_in_part(
    member: Member, ends: tuple[TransferKind, ...], back: int | None
) -> None:
    credit(member)
    made = payout(member, 80, *ends, back=back)
    (sentence,) = wrong()
    assert sentence == (
        f"{named(made[-1], member)}: payout {made[0].about_id} was not sent once and then at most"
        " once paid or returned, in full."
    )


def test_a_payout_that_was_never_sent(member: Member) -> None:
    legs = {AccountKind.IN_FLIGHT: -80, AccountKind.BANK: 80}
    odd = move(member, TransferKind.PAID, legs)
    (sentence,) = wrong()
    assert sentence.startswith(f"{named(odd, member)}: payout {odd.about_id} was not sent once")


@pytest.mark.parametrize("appealed", [False, True])
def test_a_person_who_is_paid_more_than_was_owed(member: Member, appealed: bool) -> None:
    first = credit(member)
    if appealed:
        take_back(member, take_back(member, first), -80)
    payout(member, 80, TransferKind.PAID)
    (sent, _paid) = payout(member, 30, TransferKind.PAID)
    assert wrong() == [
        f"{named(sent, member)} pays {member.pseudonym} 30 GBP (minor units) more than was owed."
    ]


def test_work_and_credits_that_do_not_match() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    assignments = [lease(member)]
    send(assignments[0])
    assignments.append(lease(member))
    send(assignments[1])
    assert wrong_in_the_book() == []
    first, second = (Transfer.objects.get(about_id=one.id) for one in assignments)
    with without_triggers():
        Assignment.objects.filter(id=assignments[0].id).update(amount_minor=90)
        Transfer.objects.filter(id=second.id).update(about_id=member.id)
    made_up = credit(member)
    assert set(wrong_in_the_book()) == {
        f"assignment {assignments[0].id} pays 90 GBP, but transfer {first.id} of study"
        f" {member.study.slug} credits 80 GBP.",
        f"No credit for assignment {assignments[1].id}.",
        f"{named(second, member)} credits assignment {member.id}, which is not paid work.",
        f"{named(made_up, member)} credits an unknown kind of work.",
    }
