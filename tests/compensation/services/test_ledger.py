"""The book: balanced, written once, corrected by reversal."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from codesign.compensation.models import Account, Leg, PayRate, Promise, Transfer
from codesign.compensation.queries import ledger as queries
from codesign.compensation.queries import trial_balance
from codesign.compensation.rules import pay_rates as pay_rules
from codesign.compensation.rules.ledger import OF_PEOPLE, AccountKind
from codesign.compensation.services import ledger
from codesign.shared.errors import Conflict
from codesign.studies.models import Member
from tests.factories.compensation import credit, set_rate
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory
from tests.support.fixed_rows import nothing_changes
from tests.support.together import at_once, kinds


def transfer_for(member: Member) -> Transfer:
    return Transfer.objects.create(
        kind="credit",
        idempotency_key=str(uuid.uuid4()),
        study_id=member.study_id,
        about_kind="test_work",
        about_id=uuid.uuid4(),
        effective_at=timezone.now(),
    )


def account(member: Member, kind: str, currency: str = "GBP") -> Account:
    return Account.objects.create(
        kind=kind,
        owner_kind="member" if kind in OF_PEOPLE else "study",
        owner_id=member.id,
        owner_label="x",
        currency=currency,
    )


def leg(transfer: Transfer, to: Account, amount: int, currency: str = "") -> Leg:
    return Leg.objects.create(
        transfer=transfer, account=to, currency=currency or to.currency, amount_minor=amount
    )


@transaction.atomic
def post(member: Member, *legs: tuple[int, str, str]) -> None:
    """A transfer of (amount, currency of the account, currency of the leg)."""
    transfer = transfer_for(member)
    for number, (amount, held_in, moved_in) in enumerate(legs):
        leg(transfer, account(member, list(AccountKind)[number], held_in), amount, moved_in)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "legs",
    [
        [(80, "GBP", "GBP")],
        [(80, "GBP", "GBP"), (-79, "GBP", "GBP")],
        [(79, "GBP", "GBP"), (-80, "GBP", "GBP")],
        [(-80, "GBP", "GBP")],
        [(80, "GBP", "GBP"), (-80, "GBP", "GBP"), (1, "GBP", "GBP")],
        [(80, "GBP", "GBP"), (-80, "EUR", "EUR")],
        [(80, "GBP", "EUR"), (-80, "GBP", "EUR")],
    ],
    ids=[
        "one",
        "a penny too many",
        "a penny too few",
        "one that takes",
        "three",
        "two currencies",
        "not the account's currency",
    ],
)
def test_legs_that_do_not_balance_are_refused_at_commit(  # standards 3.10
    legs: list[tuple[int, str, str]],
) -> None:
    member = MemberFactory.create()
    with pytest.raises(IntegrityError, match="do not balance"):
        post(member, *legs)
    assert not Transfer.objects.exists()
    assert not Leg.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_transfer_moves_something() -> None:
    member = MemberFactory.create()
    with pytest.raises(IntegrityError, match="moves nothing"):
        post(member)


@pytest.mark.django_db
def test_ledger_rows_cannot_be_changed() -> None:  # standards 3.10
    member = MemberFactory.create()
    set_rate(member.cohort)
    sign(member)
    credit(member)
    nothing_changes(
        {
            Leg: {"amount_minor": 1},
            Transfer: {"about_label": "other"},
            PayRate: {"amount_minor": 1},
            Promise: {"hourly_minor": 1},
        }
    )
    assert list(trial_balance.imbalances()) == []


@pytest.mark.django_db
def test_work_is_credited_once() -> None:
    member = MemberFactory.create()
    about = ("test_work", uuid.uuid4(), "a text")
    same: dict[str, Any] = {
        "member": member,
        "about": about,
        "amount_minor": 80,
        "currency": "GBP",
        "effective_at": timezone.now(),
    }
    ledger.credit(**same)
    with pytest.raises(IntegrityError, match="transfer_one_credit_per_work"), transaction.atomic():
        ledger.credit(**same)
    assert queries.balances(member_id=member.id) == {"GBP": 80}
    nothing = ledger.credit(**same | {"amount_minor": 0, "about": ("t", uuid.uuid4(), "")})
    assert nothing is None


@pytest.mark.django_db(transaction=True)
def test_concurrent_credits_of_one_work_are_posted_once() -> None:
    member = MemberFactory.create()
    pay = partial(
        ledger.credit,
        member=member,
        about=("test_work", uuid.uuid4(), "a text"),
        amount_minor=80,
        currency="GBP",
        effective_at=timezone.now(),
    )
    assert kinds(at_once(pay, pay)) == ["IntegrityError", "Transfer"]
    assert queries.balances(member_id=member.id) == {"GBP": 80}


@pytest.mark.django_db
def test_a_credit_is_reversed_and_paid_again_at_most_once() -> None:  # standards 3.10
    member = MemberFactory.create()
    made = credit(member, 80)
    credit(member, 50)
    opposite = ledger.reverse(transfer=made)
    assert queries.balances(member_id=member.id) == {"GBP": 50}
    assert {one.amount_minor for one in opposite.legs.all()} == {80, -80}
    again = ledger.reverse(transfer=opposite)
    assert queries.balances(member_id=member.id) == {"GBP": 130}
    assert Leg.objects.aggregate(total=Sum("amount_minor"))["total"] == 0
    for one in (made, opposite, again):
        with pytest.raises(Conflict, match="already been reversed"):
            ledger.reverse(transfer=one)
    assert queries.balances(member_id=member.id) == {"GBP": 130}
    assert list(trial_balance.imbalances()) == []


@pytest.mark.django_db(transaction=True)
def test_concurrent_reversals_of_one_credit_are_posted_once() -> None:
    member = MemberFactory.create()
    reverse = partial(ledger.reverse, transfer=credit(member, 80))
    assert "Transfer" in kinds(at_once(reverse, reverse, reverse))
    assert queries.balances(member_id=member.id) == {"GBP": 0}


@pytest.mark.parametrize(
    ("amount", "seconds", "hourly"), [(80, 180, 1600), (100, 3600, 100), (1, 7, 514), (0, 60, 0)]
)
def test_an_hourly_rate_is_whole_and_never_rounded_up(
    amount: int, seconds: int, hourly: int
) -> None:
    assert pay_rules.hourly_minor(amount_minor=amount, estimated_seconds=seconds) == hourly
