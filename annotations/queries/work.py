"""The work that the ledger must credit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from annotations.models import Assignment


def paid_work() -> Iterator[tuple[uuid.UUID, int, str]]:
    """Yield (assignment, minor units, currency) of all paid judgements and skips, by id.

    Work whose pay is held or was refused is not included.
    """
    return (
        Assignment.objects.paid()
        .order_by("id")
        .values_list("id", "amount_minor", "currency")
        .iterator()
    )
