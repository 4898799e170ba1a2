"""Reading pay: rates in force, balances, the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from codesign.compensation.models import (
    LEGS_OF_STUDIES,
    LedgerCounter,
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
    """Return the rate in force at that time, or None."""
    return _rate.first(cohort_id=cohort_id, at=at)


def rates_in_force(*, study_id: uuid.UUID, at: datetime) -> dict[uuid.UUID, PayRate]:
    """Return cohort id → rate in force at that time, for every cohort that has one."""
    rates = PayRate.objects.filter(study_id=study_id, effective_from__lte=at)
    return {rate.cohort_id: rate for rate in rates.order_by("effective_from")}


def rates(*, study_id: uuid.UUID) -> QuerySet[PayRate]:
    """Return every rate that was ever set in a study, newest first."""
    return (
        PayRate.objects.filter(study_id=study_id)
        .select_related("cohort")
        .order_by("-effective_from")
    )


def balances(*, member_id: uuid.UUID) -> dict[str, int]:
    """Return currency → minor units that a person has earned and not been paid."""
    return dict(balances_of(member_ids=[member_id]).get(member_id, []))


def balances_of(*, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """Return member id → sorted (currency, minor units earned and not paid). One query.

    Uses the tallies, which `imbalances` verifies, so that years of work are not summed again.
    """
    tallies = LedgerCounter.objects.filter(
        account__owner_kind="member", account__owner_id__in=member_ids, account__kind="earned"
    )
    by_member: dict[uuid.UUID, list[tuple[str, int]]] = {}
    rows = tallies.values_list("account__owner_id", "currency").annotate(total=Sum("earned"))
    for member_id, currency, total in rows.order_by("currency"):
        by_member.setdefault(member_id, []).append((currency, int(total)))
    return by_member


def entries(*, member_id: uuid.UUID) -> QuerySet[Leg]:
    """Return every leg of a person's account with its transfer, newest first."""
    return (
        Leg.objects.filter(
            account__owner_kind="member", account__owner_id=member_id, account__kind="earned"
        )
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
        Leg.objects.filter(transfer__study_id=study_id, account__kind="earned")
        .select_related("account", "transfer__reverses", "transfer__reversed_by")
        .order_by(*NEWEST)
    )


def credit_in(*, study_id: uuid.UUID, transfer_id: uuid.UUID) -> Leg:
    """Return the person's leg of one credit of that study, with its transfer and account."""
    credits = entries_of_study(study_id=study_id).filter(transfer__kind="credit")
    leg = credits.filter(transfer_id=transfer_id).first()
    if leg is None:
        raise NotFound(_("This study has no such payment."))
    return leg


def reversed_credits(*, about_kind: str, about_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of these pieces of work whose credit was reversed. One query."""
    credits = Transfer.objects.filter(
        kind="credit", about_kind=about_kind, about_id__in=about_ids, reversed_by__isnull=False
    )
    return set(credits.values_list("about_id", flat=True))


def totals() -> list[tuple[str, str, int]]:
    """Return (kind of account, currency, sum in minor units), for the trial balance."""
    return list(
        Leg.objects.values_list("account__kind", "currency")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency", "account__kind")
    )


def imbalances() -> Iterator[str]:
    """Yield a sentence for each inconsistency of the ledger."""
    unbalanced = (
        Leg.objects.values("transfer_id", "currency")
        .annotate(total=Sum("amount_minor"))
        .exclude(total=0)
        .order_by()
    )
    for row in unbalanced:
        yield _("Transfer %(id)s: the legs sum to %(total)d %(currency)s.") % {
            "id": row["transfer_id"],
            "total": row["total"],
            "currency": row["currency"],
        }
    yield from _tallies_that_differ()
    for transfer_id in Transfer.objects.filter(legs=None).values_list("id", flat=True):
        yield _("Transfer %(id)s has no legs.") % {"id": transfer_id}
    strays = Leg.objects.exclude(currency=F("account__currency")).values_list("id", flat=True)
    for leg_id in strays:
        yield _("Leg %(id)d has another currency than its account.") % {"id": leg_id}


def _tallies_that_differ() -> Iterator[str]:
    """Yield a sentence for each study whose tallies differ from the sums of its legs."""
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
            yield _("The tallies of study %(id)s in %(currency)s differ from its legs.") % {
                "id": study_id,
                "currency": currency,
            }


Paid = tuple[uuid.UUID, int, str]


def _differences(kind: str, credited: Iterator[Paid], work: Iterator[Paid]) -> Iterator[str]:
    """Compare both lists by id in one pass, without holding either in memory."""
    got, done = next(credited, None), next(work, None)
    while got or done:
        if done and (got is None or done[0] < got[0]):
            yield _("No credit for %(kind)s %(id)s.") % {"kind": kind, "id": done[0]}
            done = next(work, None)
        elif got and (done is None or got[0] < done[0]):
            yield _("A credit refers to %(kind)s %(id)s, which is not paid work.") % {
                "kind": kind,
                "id": got[0],
            }
            got = next(credited, None)
        elif got and done:
            if got != done:
                yield _(
                    "%(kind)s %(id)s pays %(due)d %(due_currency)s but was credited "
                    "%(paid)d %(paid_currency)s."
                ) % {
                    "kind": kind,
                    "id": done[0],
                    "due": done[1],
                    "due_currency": done[2],
                    "paid": got[1],
                    "paid_currency": got[2],
                }
            got, done = next(credited, None), next(work, None)


def credits_against_work() -> Iterator[str]:
    """Yield a sentence for each piece of paid work without its credit, and vice versa."""
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
        about_kind__in=[kind for kind, _listed in PAID_WORK]
    )
    for transfer_id in unknown.values_list("id", flat=True):
        yield _("Transfer %(id)s credits an unknown kind of work.") % {"id": transfer_id}
