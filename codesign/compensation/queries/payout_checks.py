"""Checks of payouts against the ledger, for `manage.py trial_balance`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.utils.translation import gettext as _

_SENT_DIFFERS = """
    SELECT p.reference FROM compensation_payout p
    LEFT JOIN (
      SELECT t.about_id, a.currency, sum(-l.amount_minor) FILTER (WHERE a.kind = 'payable') AS sent,
        sum(l.amount_minor) FILTER (WHERE a.kind = 'in_flight') AS in_flight,
        sum(l.amount_minor) FILTER (WHERE a.kind = 'bank') AS arrived
      FROM compensation_transfer t
      JOIN compensation_leg l ON l.transfer_id = t.id
      JOIN compensation_account a ON a.id = l.account_id
      WHERE t.about_kind = 'payout' GROUP BY 1, 2
    ) moved ON moved.about_id = p.id AND moved.currency = p.currency
    WHERE coalesce(moved.sent, 0) <> p.amount_minor
        * (p.state IN ('in_flight', 'unknown', 'paid'))::int
      OR coalesce(moved.in_flight, 0) <> p.amount_minor * (p.state IN ('in_flight', 'unknown'))::int
      OR coalesce(moved.arrived, 0) <> p.amount_minor * (p.state = 'paid')::int
    ORDER BY 1
"""


def payouts_against_ledger() -> Iterator[str]:
    """Yield a sentence for each payout whose transfers do not fit its state."""
    with connection.cursor() as cursor:
        cursor.execute(_SENT_DIFFERS)
        for (reference,) in cursor.fetchall():
            yield _("The transfers of payout %(reference)s do not fit its state.") % {
                "reference": reference
            }
