"""Checks of the whole ledger, for `manage.py trial_balance`.

Each check is one statement that returns only what is wrong, so that a ledger with a million entries
takes seconds and little memory. Each sentence names the transfer and the study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.compensation.models import Leg
from codesign.compensation.models.ledger import COUNTED, LEGS_OF_STUDIES
from codesign.compensation.registry import PAID_WORK

WORK_MEMORY = "128MB"
"""For each hash table of a statement: with less, PostgreSQL writes them to the disk."""
STUDY = "coalesce((SELECT slug FROM studies_study s WHERE s.id = study_id), study_id::text)"


def totals() -> list[tuple[str, str, int]]:
    """Return (kind of account, currency, sum in minor units), for the trial balance."""
    return list(
        Leg.objects.values_list("account__kind", "currency")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency", "account__kind")
    )


def imbalances() -> Iterator[str]:
    """Yield a sentence for each inconsistency of the ledger."""
    for row in _rows(UNBALANCED):
        yield _words_of_legs(row) % row
    for sql, words in CHECKS:
        for row in _rows(sql):
            yield str(words) % row


def credits_against_work() -> Iterator[str]:
    """Yield a sentence for each piece of paid work without its credit, and vice versa."""
    for kind, listed in PAID_WORK:
        work, parameters = listed().query.sql_with_params()
        for row in _rows(CREDITS.format(work=work), [*parameters, kind]):
            yield _words_of_work(row) % {**row, "kind": kind}
    for row in _rows(CREDITS_OF_UNKNOWN_WORK, [[kind for kind, _listed in PAID_WORK]]):
        yield _("Transfer %(transfer)s of study %(study)s credits an unknown kind of work.") % row


def _words_of_legs(row: dict[str, Any]) -> str:
    if row["total"]:
        return _(
            "Transfer %(transfer)s of study %(study)s: the legs sum to %(total)d %(currency)s."
        )
    return _("Transfer %(transfer)s of study %(study)s is a credit with %(legs)d legs, not two.")


def _words_of_work(row: dict[str, Any]) -> str:
    if row["paid"] is None:
        return _("No credit for %(kind)s %(id)s.")
    if row["due"] is None:
        return _(
            "Transfer %(transfer)s of study %(study)s credits %(kind)s %(id)s, which is not paid"
            " work."
        )
    return _(
        "%(kind)s %(id)s pays %(due)d %(due_currency)s, but transfer %(transfer)s of study"
        " %(study)s credits %(paid)d %(paid_currency)s."
    )


def _rows(sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
        cursor.execute(sql, parameters or None)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


UNBALANCED = f"""
    SELECT transfer_id AS transfer, currency, total, legs, {STUDY} AS study FROM (
      SELECT transfer_id, currency, sum(amount_minor) AS total, count(*) AS legs
      FROM compensation_leg GROUP BY 1, 2 HAVING sum(amount_minor) <> 0 OR count(*) > 2
    ) odd JOIN compensation_transfer ON id = transfer_id
    WHERE total <> 0 OR kind = 'credit' ORDER BY 1, 2
"""  # noqa: S608
"""Two legs that sum to zero cannot pay two people, so each payable leg of a credit is one row."""
EMPTY = f"""
    SELECT id AS transfer, {STUDY} AS study FROM compensation_transfer t
    WHERE NOT EXISTS (SELECT 1 FROM compensation_leg WHERE transfer_id = t.id) ORDER BY 1
"""  # noqa: S608
IN_ANOTHER_CURRENCY = f"""
    SELECT transfer_id AS transfer, {STUDY} AS study FROM compensation_leg l
    JOIN compensation_account a ON a.id = account_id AND a.currency <> l.currency
    JOIN compensation_transfer t ON t.id = transfer_id ORDER BY 1
"""  # noqa: S608
_OPPOSITES = ", ".join(f"-{column}" for column in COUNTED)
_DIFFERS = " OR ".join(f"sum({column}) <> 0" for column in COUNTED)
COUNTERS = f"""
    SELECT DISTINCT currency, {STUDY} AS study FROM (
      SELECT study_id, account_id, currency, {", ".join(COUNTED)} FROM compensation_booktally
      UNION ALL SELECT study_id, account_id, currency, {_OPPOSITES}
      FROM ({LEGS_OF_STUDIES.format(legs="compensation_leg")}) legs
    ) both_sides
    GROUP BY study_id, account_id, currency HAVING {_DIFFERS} ORDER BY 1, 2
"""  # noqa: S608
REVERSALS = f"""
    SELECT DISTINCT transfer, reverses, {STUDY} AS study FROM (
      SELECT r.id AS transfer, r.reverses_id AS reverses, study_id, account_id, currency,
        amount_minor
      FROM compensation_transfer r JOIN compensation_leg l ON l.transfer_id = r.id
      WHERE r.kind = 'reversal'
      UNION ALL SELECT r.id, r.reverses_id, study_id, account_id, currency, amount_minor
      FROM compensation_transfer r JOIN compensation_leg l ON l.transfer_id = r.reverses_id
      WHERE r.kind = 'reversal'
    ) both_sides
    GROUP BY transfer, reverses, study_id, account_id, currency HAVING sum(amount_minor) <> 0
    ORDER BY 1
"""  # noqa: S608
PAYOUTS = f"""
    SELECT transfer, about_kind AS kind, about_id AS id, {STUDY} AS study FROM (
      SELECT about_kind, about_id, study_id,
        (array_agg(t.id ORDER BY posted_at DESC))[1] AS transfer,
        count(DISTINCT t.id) FILTER (WHERE t.kind = 'sent') AS sent,
        count(DISTINCT t.id) FILTER (WHERE t.kind <> 'sent') AS ended,
        sum(amount_minor) AS in_flight
      FROM compensation_transfer t JOIN compensation_leg l ON l.transfer_id = t.id
      JOIN compensation_account a ON a.id = l.account_id AND a.kind = 'in_flight'
      WHERE t.kind IN ('sent', 'paid', 'returned')
      GROUP BY about_kind, about_id, study_id, l.currency
    ) payouts
    WHERE sent <> 1 OR ended > 1 OR (ended = 1 AND in_flight <> 0) ORDER BY 1
"""  # noqa: S608
OVERPAID = f"""
    SELECT last.id AS transfer, -balance AS over, currency, owner, {STUDY} AS study FROM (
      SELECT l.account_id, l.currency, a.owner_label AS owner, sum(amount_minor) AS balance
      FROM compensation_leg l JOIN compensation_transfer t ON t.id = l.transfer_id
      JOIN compensation_account a ON a.id = l.account_id
      WHERE NOT (
          amount_minor < 0 AND t.kind IN ('reversal', 'adjustment')
          AND NOT EXISTS (SELECT 1 FROM compensation_transfer WHERE reverses_id = t.id)
        )
        AND l.account_id IN (
          SELECT account_id FROM compensation_booktally WHERE account_id IS NOT NULL
          GROUP BY account_id, currency HAVING sum(earned) < sum(paid)
        )
      GROUP BY 1, 2, 3 HAVING sum(amount_minor) < 0
    ) below CROSS JOIN LATERAL (
      SELECT t.id, t.study_id FROM compensation_leg l
      JOIN compensation_transfer t ON t.id = l.transfer_id
      WHERE l.account_id = below.account_id AND t.kind IN ('sent', 'donation')
      ORDER BY l.id DESC LIMIT 1
    ) last ORDER BY 1
"""  # noqa: S608
"""Reversals may come after the payout, so they alone may bring a person's account below zero."""
CREDITS = f"""
    SELECT coalesce(work.id, paid.id) AS id, due, due_currency, transfer, paid, paid_currency,
      {STUDY} AS study
    FROM ({{work}}) work (id, due, due_currency) FULL JOIN (
      SELECT about_id AS id, t.id AS transfer, study_id, amount_minor AS paid,
        l.currency AS paid_currency
      FROM compensation_transfer t JOIN compensation_leg l ON l.transfer_id = t.id
      JOIN compensation_account a ON a.id = l.account_id AND a.kind = 'payable'
      WHERE t.kind = 'credit' AND about_kind = %s
    ) paid ON paid.id = work.id
    WHERE (due, due_currency) IS DISTINCT FROM (paid, paid_currency) ORDER BY 1
"""  # noqa: S608
CREDITS_OF_UNKNOWN_WORK = f"""
    SELECT id AS transfer, {STUDY} AS study FROM compensation_transfer
    WHERE kind = 'credit' AND about_kind <> ALL (%s) ORDER BY 1
"""  # noqa: S608
CHECKS = (
    (EMPTY, gettext_lazy("Transfer %(transfer)s of study %(study)s has no legs.")),
    (
        IN_ANOTHER_CURRENCY,
        gettext_lazy(
            "Transfer %(transfer)s of study %(study)s has a leg in another currency than its"
            " account."
        ),
    ),
    (
        COUNTERS,
        gettext_lazy("The tallies of study %(study)s in %(currency)s differ from its legs."),
    ),
    (
        REVERSALS,
        gettext_lazy(
            "Transfer %(transfer)s of study %(study)s is not the exact opposite of transfer"
            " %(reverses)s, which it reverses."
        ),
    ),
    (
        PAYOUTS,
        gettext_lazy(
            "Transfer %(transfer)s of study %(study)s: %(kind)s %(id)s was not sent once and then"
            " at most once paid or returned, in full."
        ),
    ),
    (
        OVERPAID,
        gettext_lazy(
            "Transfer %(transfer)s of study %(study)s pays %(owner)s %(over)d %(currency)s (minor"
            " units) more than was owed."
        ),
    ),
)
