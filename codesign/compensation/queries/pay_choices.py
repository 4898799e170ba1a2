"""What a person chose about their pay, and what it leaves for the next text."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.db.models import Sum

from codesign.compensation.models import Leg, PayChoice, PayRate
from codesign.compensation.queries.pay_rates import rate_in_force
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.compensation.rules.pay_choices import CapPeriod, began, share_of
from codesign.studies.models import Member

PAYOUTS = (TransferKind.SENT, TransferKind.RETURNED, TransferKind.DONATION)
"""Transfers on a person's account that earn nothing."""


def choice_of(*, member: Member) -> PayChoice | None:
    """Return the latest choice of a person, or None.

    No query if the member was read with `has_pay_choice`, and has none.
    """
    if not getattr(member, "has_pay_choice", True):
        return None
    return PayChoice.objects.filter(member_id=member.id).order_by("-created_at").first()


def rate_for(*, member: Member, at: datetime) -> PayRate | None:
    """Return the rate in force for a person, with the share of the amount that they take."""
    if member.cohort_id is None:
        return None
    rate = rate_in_force(cohort_id=member.cohort_id, at=at)
    if rate and (choice := choice_of(member=member)):
        rate.amount_minor = share_of(rate.amount_minor, percent=choice.share_percent)
    return rate


class HeldPay(Protocol):
    """Returns a person's pay that waits for a check, of work since then, in minor units."""

    def __call__(self, *, member: Member, currency: str, since: datetime) -> int:
        """Return the sum."""


def left_of_cap(*, member: Member, currency: str, now: datetime, held: HeldPay) -> int | None:
    """Return what a person still wants to earn in this period, in minor units; None: no limit.

    Pay that is held counts, because it may be credited to the day of its work at any time.
    """
    choice = choice_of(member=member)
    if choice is None or choice.cap_minor is None or choice.cap_currency != currency:
        return None
    since = began(period=CapPeriod(choice.cap_period), now=now, zone=member.user.timezone)
    legs = Leg.objects.filter(
        account__owner_id=member.id,
        account__kind=AccountKind.PAYABLE,
        currency=currency,
        transfer__effective_at__gte=since,
    ).exclude(transfer__kind__in=PAYOUTS)
    earned = int(legs.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
    return choice.cap_minor - earned - held(member=member, currency=currency, since=since)
