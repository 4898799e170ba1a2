"""The work that the ledger must have credited."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from annotations.models import Assignment


def paid_work() -> Iterator[tuple[uuid.UUID, int, str]]:
    """(assignment, minor units, currency) of every judgement and paid skip that pays, by id.

    Without those whose pay a person still looks at, or decided not to pay.
    """
    return (
        Assignment.objects.paid()
        .order_by("id")
        .values_list("id", "amount_minor", "currency")
        .iterator()
    )
