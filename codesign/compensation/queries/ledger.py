"""Balances and entries of the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from codesign.compensation.models import LedgerCounter, Leg, Transfer
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.shared.errors import NotFound

NEWEST = ("-transfer__posted_at", "-transfer__id", "-id")


def balances(*, member_id: uuid.UUID) -> dict[str, int]:
    """Return currency → minor units that a person has earned and not been paid."""
    return dict(balances_of(member_ids=[member_id]).get(member_id, []))


def balances_of(*, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """Return member id → sorted (currency, minor units earned and not paid). One query.

    Uses the tallies, which `imbalances` verifies, so that years of work are not summed again.
    """
    tallies = LedgerCounter.objects.filter(
        account__owner_id__in=member_ids, account__kind=AccountKind.PAYABLE
    )
    by_member: dict[uuid.UUID, list[tuple[str, int]]] = {}
    rows = tallies.values_list("account__owner_id", "currency").annotate(
        total=Sum(F("earned") - F("paid"))
    )
    for member_id, currency, total in rows.order_by("currency"):
        by_member.setdefault(member_id, []).append((currency, int(total)))
    return by_member


def entries(*, member_id: uuid.UUID) -> QuerySet[Leg]:
    """Return every leg of a person's account with its transfer, newest first."""
    return (
        Leg.objects.filter(account__owner_id=member_id, account__kind=AccountKind.PAYABLE)
        .select_related("transfer__reverses")
        .order_by("-id")
    )


@dataclass(frozen=True, slots=True)
class Book:
    """The totals of a study's part of the ledger in one currency, in minor units."""

    currency: str
    earned: int
    """What people have earned; the study's own account has the opposite amount."""
    entries: int
    corrected: int
    balanced: bool


def book_of(*, study_id: uuid.UUID) -> list[Book]:
    """Return the study's ledger by currency from its tallies, which `imbalances` verifies.

    One query.
    """
    rows = (
        LedgerCounter.objects.filter(study_id=study_id)
        .values("currency")
        .annotate(
            by_people=Sum("earned"),
            in_all=Sum("entries"),
            reversals=Sum("corrected"),
            both_sides=Sum("total"),
        )
        .order_by("currency")
    )
    return [
        Book(
            currency=row["currency"],
            earned=row["by_people"],
            entries=row["in_all"],
            corrected=row["reversals"],
            balanced=row["both_sides"] == 0,
        )
        for row in rows
    ]


def entries_of_study(*, study_id: uuid.UUID) -> QuerySet[Leg]:
    """Return all credits and reversals of a study's people, newest first. One query.

    Ordered as an index over transfers, which store their study.
    """
    return (
        Leg.objects.filter(transfer__study_id=study_id, account__kind=AccountKind.PAYABLE)
        .select_related("account", "transfer__reverses", "transfer__reversed_by")
        .order_by(*NEWEST)
    )


def credit_in(*, study_id: uuid.UUID, transfer_id: uuid.UUID) -> Leg:
    """Return the person's leg of one credit of that study, with its transfer and account."""
    credits = entries_of_study(study_id=study_id).filter(transfer__kind=TransferKind.CREDIT)
    leg = credits.filter(transfer_id=transfer_id).first()
    if leg is None:
        raise NotFound(_("This study has no such payment."))
    return leg


def reversed_credits(*, about_kind: str, about_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of these pieces of work whose credit is reversed now. One query."""
    credits = Transfer.objects.filter(
        kind=TransferKind.CREDIT,
        about_kind=about_kind,
        about_id__in=about_ids,
        reversed_by__isnull=False,
        reversed_by__reversed_by=None,
    )
    return set(credits.values_list("about_id", flat=True))


def credited_between(
    *, study_id: uuid.UUID, about_kind: str, after: datetime | None, until: datetime
) -> QuerySet[Transfer, uuid.UUID]:
    """Return the ids of work that was credited after and until these times, and is paid now."""
    credits = Transfer.objects.filter(
        kind=TransferKind.CREDIT,
        study_id=study_id,
        about_kind=about_kind,
        posted_at__lte=until,
    ).exclude(reversed_by__isnull=False, reversed_by__reversed_by=None)
    if after is not None:
        credits = credits.filter(posted_at__gt=after)
    return credits.values_list("about_id", flat=True)
