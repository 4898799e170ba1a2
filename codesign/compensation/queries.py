"""Reading pay: what is in force, what somebody has earned."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet, Sum

from codesign.compensation.models import (
    LEGS_OF_STUDIES,
    BookTally,
    Leg,
    PayRate,
    Transfer,
)
from codesign.compensation.registry import PAID_WORK
from codesign.shared.compiled_queries import CompiledQuery
from codesign.shared.errors import NotFound

NEWEST = ("-transfer__posted_at", "-transfer__id", "-id")


@CompiledQuery
def _rate(cohort_id: uuid.UUID, at: datetime) -> QuerySet[PayRate]:
    rates = PayRate.objects.filter(cohort_id=cohort_id, effective_from__lte=at)
    return rates.order_by("-effective_from")[:1]


def rate_in_force(*, cohort_id: uuid.UUID, at: datetime) -> PayRate | None:
    """What one piece of work pays at that moment; None where nothing was set."""
    return _rate.first(cohort_id=cohort_id, at=at)


def rates_in_force(*, study_id: uuid.UUID, at: datetime) -> dict[uuid.UUID, PayRate]:
    """cohort id → the rate that counts at that moment, for every cohort that has one."""
    rates = PayRate.objects.filter(study_id=study_id, effective_from__lte=at)
    return {rate.cohort_id: rate for rate in rates.order_by("effective_from")}


def rates(*, study_id: uuid.UUID) -> QuerySet[PayRate]:
    """Every rate that was ever set in a study, newest first."""
    return (
        PayRate.objects.filter(study_id=study_id)
        .select_related("cohort")
        .order_by("-effective_from")
    )


def balances(*, member_id: uuid.UUID) -> dict[str, int]:
    """currency → minor units that a person has earned and not been paid."""
    return dict(balances_of(member_ids=[member_id]).get(member_id, []))


def balances_of(*, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """member id → (currency, minor units earned and not paid), sorted; one query for them all.

    From the tallies, which `imbalances` proves: what somebody did for years is not added up again.
    """
    tallies = BookTally.objects.filter(
        account__owner_kind="member", account__owner_id__in=member_ids, account__kind="earned"
    )
    found: dict[uuid.UUID, list[tuple[str, int]]] = {}
    rows = tallies.values_list("account__owner_id", "currency").annotate(total=Sum("earned"))
    for member_id, currency, total in rows.order_by("currency"):
        found.setdefault(member_id, []).append((currency, int(total)))
    return found


def entries(*, member_id: uuid.UUID) -> QuerySet[Leg]:
    """Every entry of a person's account, newest first, with its transfer."""
    return (
        Leg.objects.filter(
            account__owner_kind="member", account__owner_id=member_id, account__kind="earned"
        )
        .select_related("transfer__reverses")
        .order_by("-id")
    )


@dataclass(frozen=True, slots=True)
class Book:
    """What a study's part of the ledger adds up to in one currency, in minor units."""

    currency: str
    earned: int
    """What people have earned; the study's own account has the opposite."""
    entries: int
    corrected: int
    balanced: bool


def book_of(*, study_id: uuid.UUID) -> list[Book]:
    """The study's ledger by currency, from its tallies, which `imbalances` proves; one query."""
    rows = (
        BookTally.objects.filter(study_id=study_id)
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
    """What every person of a study was credited or lost again, newest first; one query.

    In the order of an index over transfers, which know their study.
    """
    return (
        Leg.objects.filter(transfer__study_id=study_id, account__kind="earned")
        .select_related("account", "transfer__reverses", "transfer__reversed_by")
        .order_by(*NEWEST)
    )


def credit_in(*, study_id: uuid.UUID, transfer_id: uuid.UUID) -> Leg:
    """A person's side of one credit of that study, with its transfer and account."""
    credits = entries_of_study(study_id=study_id).filter(transfer__kind="credit")
    found = credits.filter(transfer_id=transfer_id).first()
    if found is None:
        raise NotFound("There is no such entry in this study.")
    return found


def totals() -> list[tuple[str, str, int]]:
    """(kind of account, currency, sum in minor units), for the trial balance's table."""
    return list(
        Leg.objects.values_list("account__kind", "currency")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency", "account__kind")
    )


def imbalances() -> Iterator[str]:
    """A sentence for whatever does not add up in the book; nothing where all is well."""
    unbalanced = (
        Leg.objects.values("transfer_id", "currency")
        .annotate(total=Sum("amount_minor"))
        .exclude(total=0)
        .order_by()
    )
    for row in unbalanced:
        yield f"Transfer {row['transfer_id']}: legs sum to {row['total']} {row['currency']}."
    yield from _tallies_that_differ()
    for transfer_id in Transfer.objects.filter(legs=None).values_list("id", flat=True):
        yield f"Transfer {transfer_id} has no legs."
    strays = Leg.objects.exclude(currency=F("account__currency")).values_list("id", flat=True)
    for leg_id in strays:
        yield f"Leg {leg_id} is in another currency than its account."


def _tallies_that_differ() -> Iterator[str]:
    """A sentence for each study of which some account's tallies are not the sums of its legs."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT DISTINCT study_id, currency FROM (
              SELECT study_id, account_id, currency, earned, entries, corrected, total
              FROM compensation_booktally
              UNION ALL SELECT study_id, account_id, currency, -earned, -entries, -corrected, -total
              FROM ({LEGS_OF_STUDIES.format(legs="compensation_leg")}) legs
            ) both_sides
            GROUP BY study_id, account_id, currency
            HAVING (sum(earned), sum(entries), sum(corrected), sum(total)) <> (0, 0, 0, 0)
            ORDER BY 1, 2
        """)  # noqa: S608
        for study_id, currency in cursor.fetchall():
            yield f"The tallies of study {study_id} in {currency} differ from its legs."


Paid = tuple[uuid.UUID, int, str]


def _differences(kind: str, credited: Iterator[Paid], work: Iterator[Paid]) -> Iterator[str]:
    """Walk both lists side by side, by id, so that neither is ever held as a whole."""
    got, done = next(credited, None), next(work, None)
    while got or done:
        if done and (got is None or done[0] < got[0]):
            yield f"No credit for {kind} {done[0]}."
            done = next(work, None)
        elif got and (done is None or got[0] < done[0]):
            yield f"A credit names {kind} {got[0]}, which is no paid work."
            got = next(credited, None)
        elif got and done:
            if got != done:
                yield f"{kind} {done[0]} pays {done[1]} {done[2]} and got {got[1]} {got[2]}."
            got, done = next(credited, None), next(work, None)


def credits_against_work() -> Iterator[str]:
    """A sentence for each piece of paid work without its credit, and each credit without work."""
    for kind, listed in PAID_WORK:
        credited = (
            Leg.objects.filter(
                transfer__kind="credit", transfer__about_kind=kind, account__kind="earned"
            )
            .order_by("transfer__about_id")
            .values_list("transfer__about_id", "amount_minor", "currency")
            .iterator()
        )
        yield from _differences(kind, credited, listed())
    unknown = Transfer.objects.filter(kind="credit").exclude(
        about_kind__in=[kind for kind, _ in PAID_WORK]
    )
    for transfer_id in unknown.values_list("id", flat=True):
        yield f"Transfer {transfer_id} credits a kind of work that nobody knows."
