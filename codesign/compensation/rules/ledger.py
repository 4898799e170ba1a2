"""The kinds of accounts and transfers of the ledger, and what each kind moves."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AccountKind(TextChoices):
    """Accounts of a person have what they are owed; accounts of a study have where it comes from.

    Fees and expenses stand apart (standards 3.9).
    """

    PAYABLE = "payable", _("pay owed to a person")
    EXPENSES_PAYABLE = "expenses_payable", _("expenses owed to a person")
    SPENT = "spent", _("pay of a study")
    EXPENSES = "expenses", _("expenses of a study")
    IN_FLIGHT = "in_flight", _("on its way to people")
    BANK = "bank", _("paid from the bank")
    DONATED = "donated", _("donated by people")


OF_PEOPLE = (AccountKind.PAYABLE, AccountKind.EXPENSES_PAYABLE)
"""Accounts that belong to a person. All others belong to a study."""


class TransferKind(TextChoices):
    """Why money moves, and from which account to which.

    The first five change what a study owes people; the others pay it. The counters tell the two
    apart (`models.ledger.LEGS_OF_STUDIES`).
    """

    CREDIT = "credit", _("work")  # spent → payable
    REVERSAL = "reversal", _("reversal")  # the opposite of one of these
    ADJUSTMENT = "adjustment", _("adjustment")  # spent → payable
    BONUS = "bonus", _("bonus")  # spent → payable
    EXPENSE = "expense", _("expenses")  # expenses → expenses payable
    SENT = "sent", _("payout sent")  # payable → in flight
    PAID = "paid", _("payout arrived")  # in flight → bank
    RETURNED = "returned", _("payout failed")  # in flight → payable
    DONATION = "donation", _("donation")  # payable → donated
