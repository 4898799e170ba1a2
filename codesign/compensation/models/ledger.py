"""The ledger. Balances are not stored: a balance is the sum of legs (house rule 5)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from codesign.compensation.rules.ledger import OF_PEOPLE, AccountKind, TransferKind
from codesign.shared.models import PublicModel, append_only, counting, one_of


class Account(PublicModel):
    """An account of the ledger in one currency, of a person or of a study.

    Its owner is stored as (kind, id) and label, not as a foreign key.
    """

    kind = models.CharField(max_length=20, choices=AccountKind)
    owner_kind = models.CharField(max_length=20)
    owner_id = models.UUIDField()
    owner_label = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner_kind", "owner_id", "kind", "currency"], name="account_unique"
            ),
            one_of("kind", AccountKind, "account_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=OF_PEOPLE, owner_kind="member")
                | (~Q(kind__in=OF_PEOPLE) & Q(owner_kind="study")),
                name="account_owner_fits_kind",
            ),
        ]


class Transfer(PublicModel):
    """A movement of money and its reason. It is corrected by another transfer, never changed."""

    kind = models.CharField(max_length=20, choices=TransferKind)
    idempotency_key = models.CharField(max_length=120)
    study_id = models.UUIDField()
    about_kind = models.CharField(max_length=40)
    about_id = models.UUIDField()
    about_label = models.CharField(max_length=200, blank=True)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    effective_at = models.DateTimeField()
    posted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["idempotency_key"], name="transfer_once"),
            models.UniqueConstraint(
                fields=["about_kind", "about_id"],
                condition=Q(kind=TransferKind.CREDIT),
                name="transfer_one_credit_per_work",
            ),
            models.CheckConstraint(
                condition=Q(kind=TransferKind.REVERSAL, reverses__isnull=False)
                | (~Q(kind=TransferKind.REVERSAL) & Q(reverses=None)),
                name="transfer_reversal_reverses",
            ),
            one_of("kind", TransferKind, "transfer_kind_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["study_id", "-posted_at", "-id"], name="transfer_newest")
        ]
        triggers: ClassVar = [
            *append_only(),
            pgtrigger.Trigger(
                name="has_legs",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM compensation_leg WHERE transfer_id = NEW.id
                    ) THEN
                        RAISE EXCEPTION 'transfer % moves nothing', NEW.id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]


COUNTED = ("earned", "paid", "in_flight", "entries", "corrected", "total")
LEGS_OF_STUDIES = """
    SELECT t.study_id, CASE WHEN a.owner_kind = 'member' THEN a.id END AS account_id, l.currency,
      coalesce(sum(l.amount_minor) FILTER (
        WHERE a.owner_kind = 'member' AND t.kind NOT IN ('sent', 'returned', 'donation')), 0)
        AS earned,
      coalesce(-sum(l.amount_minor) FILTER (
        WHERE a.owner_kind = 'member' AND t.kind IN ('sent', 'returned', 'donation')), 0) AS paid,
      coalesce(sum(l.amount_minor) FILTER (WHERE a.kind = 'in_flight'), 0) AS in_flight,
      count(*) FILTER (WHERE a.owner_kind = 'member') AS entries,
      count(*) FILTER (WHERE a.owner_kind = 'member' AND t.kind = 'reversal') AS corrected,
      sum(l.amount_minor) AS total
    FROM {legs} l JOIN compensation_transfer t ON t.id = l.transfer_id
    JOIN compensation_account a ON a.id = l.account_id
    GROUP BY 1, 2, 3
"""
"""The sums of a study's legs by person and currency, in the columns of `LedgerCounter`."""


class LedgerCounter(models.Model):
    """The totals of a study's part of the ledger, stored as movements whose sum is the total.

    A trigger adds a row for each side of every credit in the same transaction. So pages do not sum
    millions of legs, and concurrent credits do not wait for each other. A timer folds the rows of
    an account into one (decision 14). The legs remain the ledger; `trial_balance` checks the
    counters against them.
    """

    id = models.BigAutoField(primary_key=True)
    study_id = models.UUIDField(db_index=True)
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        related_name="counters",
        db_constraint=False,
        help_text="A person's; empty in rows for the study's side.",
    )
    currency = models.CharField(max_length=3)
    earned = models.BigIntegerField(help_text="By people; minor units.")
    paid = models.BigIntegerField(
        db_default=0, help_text="Sent to people or donated by them, less what came back."
    )
    in_flight = models.BigIntegerField(
        db_default=0, help_text="Sent, and not known to have arrived."
    )
    entries = models.BigIntegerField(help_text="On people's accounts.")
    corrected = models.BigIntegerField(help_text="Those of them that reverse another.")
    total = models.BigIntegerField(help_text="Of both sides: 0.")

    class Meta:
        db_table = "compensation_booktally"  # as it was first called


class Leg(models.Model):
    """A signed amount on one account. The legs of a transfer sum to zero per currency."""

    id = models.BigAutoField(primary_key=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="legs")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="legs", db_index=False
    )
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField(help_text="Positive: to the account; minor units.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="leg_moves_something")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "-id"],
                include=["currency", "amount_minor"],  # for index-only scans of a balance
                name="leg_by_account",
            )
        ]
        triggers: ClassVar = [
            *append_only(),
            counting(
                name="tally",
                func=f"""
                    INSERT INTO compensation_booktally
                      (study_id, account_id, currency, {", ".join(COUNTED)})
                    {LEGS_OF_STUDIES.format(legs="made")};
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="sums_to_zero",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM compensation_leg WHERE transfer_id = NEW.transfer_id
                        GROUP BY currency HAVING sum(amount_minor) <> 0
                    ) OR EXISTS (
                        SELECT 1 FROM compensation_account
                        WHERE id = NEW.account_id AND currency <> NEW.currency
                    ) THEN
                        RAISE EXCEPTION 'legs of transfer % do not balance', NEW.transfer_id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]
