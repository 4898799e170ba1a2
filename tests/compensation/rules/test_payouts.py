"""Who is in a batch, and how batches and payouts move: truth tables."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from codesign.compensation.rules.payouts import (
    BATCH_STATES,
    PAYOUT_STATES,
    BatchState,
    Candidate,
    PayoutState,
    new_reference,
    why_dropped,
    why_left_out,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
METHOD = uuid.uuid4()
PERSON = Candidate(
    member_id=uuid.uuid4(),
    code="abc",
    owed=500,
    gone=False,
    kind="iban",
    method_id=METHOD,
    usable_from=NOW,
    details={"iban": "x"},
)
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("changes", "channel", "currency", "threshold", "why"),
    [
        ({}, "bank", "EUR", 500, None),
        ({}, "sepa", "EUR", 500, None),
        ({}, "bank", "EUR", 501, "below"),
        ({"gone": True}, "bank", "EUR", 501, None),
        ({"method_id": None, "kind": "none"}, "bank", "EUR", 0, "no_method"),
        ({"kind": "none"}, "bank", "EUR", 0, "no_method"),
        ({"method_id": None}, "bank", "EUR", 0, "no_method"),
        ({"kind": "paypal"}, "bank", "EUR", 0, "other_method"),
        ({"kind": "paypal"}, "paypal", "EUR", 0, None),
        ({"kind": "cash"}, "cash", "EUR", 0, None),
        ({"kind": "cash"}, "voucher", "EUR", 0, "other_method"),
        ({"kind": "voucher"}, "voucher", "EUR", 0, None),
        ({"kind": "uk_bank"}, "bank", "GBP", 0, None),
        ({"kind": "uk_bank"}, "bank", "EUR", 0, "other_method"),
        ({"kind": "uk_bank"}, "sepa", "EUR", 0, "other_method"),
        ({"usable_from": LATER}, "bank", "EUR", 0, "cooling"),
        ({"details": None}, "bank", "EUR", 0, "unreadable"),
        ({"usable_from": LATER, "details": None}, "bank", "EUR", 501, "cooling"),
        ({"details": {}, "kind": "cash"}, "cash", "EUR", 0, None),
    ],
)
def test_who_is_left_out_and_why(
    changes: dict[str, object], channel: str, currency: str, threshold: int, why: str | None
) -> None:
    person = replace(PERSON, **changes)  # type: ignore[arg-type]
    found = why_left_out(person, channel=channel, currency=currency, threshold=threshold, at=NOW)
    assert found == why


@pytest.mark.parametrize(
    ("changes", "amount", "why"),
    [
        ({}, 500, None),
        ({}, 400, None),
        ({}, 501, "owed_less"),
        ({"method_id": uuid.uuid4()}, 500, "changed"),
        ({"details": None}, 500, "unreadable"),
        ({"usable_from": LATER}, 500, "cooling"),
        (None, 500, "owed_less"),
    ],
)
def test_who_is_dropped_at_approval(
    changes: dict[str, object] | None, amount: int, why: str | None
) -> None:
    person = None if changes is None else replace(PERSON, **changes)  # type: ignore[arg-type]
    assert why_dropped(person, amount=amount, method_id=METHOD, at=NOW) == why


def test_batches_move_by_their_table() -> None:
    allowed = {
        ("drafted", "approved"),
        ("drafted", "cancelled"),
        ("approved", "sent"),
        ("approved", "cancelled"),
        ("sent", "settled"),
    }
    every = set(product(BatchState.values, repeat=2))
    assert {pair for pair in every if BATCH_STATES.allows(*pair)} == allowed


def test_payouts_move_by_their_table() -> None:
    allowed = {
        ("drafted", "in_flight"),
        ("drafted", "left_out"),
        ("drafted", "cancelled"),
        ("in_flight", "paid"),
        ("in_flight", "failed"),
        ("in_flight", "unknown"),
        ("in_flight", "cancelled"),
        ("unknown", "paid"),
        ("unknown", "failed"),
    }
    every = set(product(PayoutState.values, repeat=2))
    assert {pair for pair in every if PAYOUT_STATES.allows(*pair)} == allowed


def test_a_reference_is_random_and_no_number() -> None:  # standards 3.14
    references = {new_reference() for _ in range(1000)}
    assert len(references) == 1000
    assert all(re.fullmatch(r"PY[A-HJ-NP-Z2-9]{16}", one) for one in references)
