"""Checks of the whole ledger, for `manage.py trial_balance`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db import connection
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from codesign.compensation.models import Leg, Transfer
from codesign.compensation.models.ledger import COUNTED, LEGS_OF_STUDIES
from codesign.compensation.registry import PAID_WORK
from codesign.compensation.rules.ledger import AccountKind, TransferKind


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
    columns, opposite = ", ".join(COUNTED), ", ".join(f"-{column}" for column in COUNTED)
    differs = " OR ".join(f"sum({column}) <> 0" for column in COUNTED)
    with connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT DISTINCT study_id, currency FROM (
              SELECT study_id, account_id, currency, {columns} FROM compensation_booktally
              UNION ALL SELECT study_id, account_id, currency, {opposite}
              FROM ({LEGS_OF_STUDIES.format(legs="compensation_leg")}) legs
            ) both_sides
            GROUP BY study_id, account_id, currency
            HAVING {differs}
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
                transfer__kind=TransferKind.CREDIT,
                transfer__about_kind=kind,
                account__kind=AccountKind.PAYABLE,
            )
            .order_by("transfer__about_id")
            .values_list("transfer__about_id", "amount_minor", "currency")
            .iterator()
        )
        yield from _differences(kind, credited, listed())
    unknown = Transfer.objects.filter(kind=TransferKind.CREDIT).exclude(
        about_kind__in=[kind for kind, _listed in PAID_WORK]
    )
    for transfer_id in unknown.values_list("id", flat=True):
        yield _("Transfer %(id)s credits an unknown kind of work.") % {"id": transfer_id}
