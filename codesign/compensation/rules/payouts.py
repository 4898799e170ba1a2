"""Payout batches: which methods each channel pays, who is left out, and how states move."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db.models import TextChoices
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from codesign.compensation.rules.payout_methods import MethodKind
from codesign.shared.states import Transitions

REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
MOST_PAYOUTS = 20_000
"""People in one batch; files and pages stay usable."""


class Channel(TextChoices):
    """The way in which a batch is paid. Each batch has one, so that no payout is in two files."""

    BANK = "bank", _("Bank transfers from a CSV file")
    SEPA = "sepa", _("SEPA transfers from an XML file (pain.001, euros)")
    PAYPAL = "paypal", _("PayPal, from a CSV file")
    CASH = "cash", _("Cash, from a list")
    VOUCHER = "voucher", _("Vouchers, from a list")


PAYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Channel.BANK: frozenset({MethodKind.IBAN, MethodKind.UK_BANK}),
        Channel.SEPA: frozenset({MethodKind.IBAN}),
        Channel.PAYPAL: frozenset({MethodKind.PAYPAL}),
        Channel.CASH: frozenset({MethodKind.CASH}),
        Channel.VOUCHER: frozenset({MethodKind.VOUCHER}),
    }
)
"""Channel → methods that it pays."""
SEPA_CURRENCY = "EUR"
UK_CURRENCY = "GBP"


class BatchState(TextChoices):
    """States of a batch."""

    DRAFTED = "drafted", _("waiting for a second person")
    APPROVED = "approved", _("approved, not sent yet")
    SENT = "sent", _("sent, waiting for results")
    SETTLED = "settled", _("settled")
    CANCELLED = "cancelled", _("cancelled")


BATCH_STATES = Transitions.of(
    "batch",
    {
        BatchState.DRAFTED: [BatchState.APPROVED, BatchState.CANCELLED],
        BatchState.APPROVED: [BatchState.SENT, BatchState.CANCELLED],
        BatchState.SENT: [BatchState.SETTLED],
    },
)


class PayoutState(TextChoices):
    """States of one person's payout within a batch."""

    DRAFTED = "drafted", _("drafted")
    IN_FLIGHT = "in_flight", _("on its way")
    UNKNOWN = "unknown", _("outcome unknown")
    PAID = "paid", _("arrived")
    FAILED = "failed", _("failed, owed again")
    LEFT_OUT = "left_out", _("left out")
    CANCELLED = "cancelled", _("cancelled")


PAYOUT_STATES = Transitions.of(
    "payout",
    {
        PayoutState.DRAFTED: [
            PayoutState.IN_FLIGHT,
            PayoutState.LEFT_OUT,
            PayoutState.CANCELLED,
        ],
        PayoutState.IN_FLIGHT: [
            PayoutState.PAID,
            PayoutState.FAILED,
            PayoutState.UNKNOWN,
            PayoutState.CANCELLED,
        ],
        PayoutState.UNKNOWN: [PayoutState.PAID, PayoutState.FAILED],
    },
)
UNDER_WAY = (PayoutState.IN_FLIGHT, PayoutState.UNKNOWN)
"""Money that left what the person is owed and is not known to have arrived."""


class LeftOut(TextChoices):
    """Why a person is not in a batch."""

    NO_METHOD = "no_method", _("has not said how to be paid")
    OTHER_METHOD = "other_method", _("is paid in another way")
    COOLING = "cooling", _("changed their details less than 48 hours ago")
    UNREADABLE = "unreadable", _("their details cannot be read; they need to enter them again")
    BELOW = "below", _("is owed less than the threshold")
    OWED_LESS = "owed_less", _("is owed less than when the batch was made")
    CHANGED = "changed", _("changed their details after the batch was made")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who is owed something in a currency, and how they want to be paid."""

    member_id: uuid.UUID
    code: str
    owed: int
    """Minor units, above zero."""
    gone: bool
    """They were removed, or withdrew. What they earned is paid whatever the threshold."""
    kind: str = MethodKind.NONE
    method_id: uuid.UUID | None = None
    usable_from: datetime | None = None
    details: Mapping[str, str] | None = None
    """None: no key of this installation opens them."""


def why_left_out(
    candidate: Candidate, *, channel: str, currency: str, threshold: int, at: datetime
) -> LeftOut | None:
    """Return why a person is not paid by such a batch, or None if they are."""
    if candidate.method_id is None or candidate.kind == MethodKind.NONE:
        return LeftOut.NO_METHOD
    wrong_currency = candidate.kind == MethodKind.UK_BANK and currency != UK_CURRENCY
    if candidate.kind not in PAYS[channel] or wrong_currency:
        return LeftOut.OTHER_METHOD
    if candidate.usable_from is None or candidate.usable_from > at:
        return LeftOut.COOLING
    if candidate.details is None:
        return LeftOut.UNREADABLE
    if candidate.owed < threshold and not candidate.gone:
        return LeftOut.BELOW
    return None


def why_dropped(
    candidate: Candidate | None, *, amount: int, method_id: uuid.UUID, at: datetime
) -> LeftOut | None:
    """Return why a drafted payout can no longer be sent, or None if it can.

    `candidate` is the person as they are now; None if they are owed nothing any more.
    """
    if candidate is None or candidate.owed < amount:
        return LeftOut.OWED_LESS
    if candidate.method_id != method_id:
        return LeftOut.CHANGED
    if candidate.details is None:
        return LeftOut.UNREADABLE
    if candidate.usable_from is None or candidate.usable_from > at:
        return LeftOut.COOLING
    return None


def new_reference() -> str:
    """Return a random reference of 80 bits, which names neither the study nor a person.

    It is the idempotency key of the payout. It starts with two letters, so that no spreadsheet
    reads it as a number.
    """
    return "PY" + get_random_string(16, REFERENCE_LETTERS)
