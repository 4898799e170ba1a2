"""The work that the ledger must credit."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from annotations.models import Assignment


def paid_work() -> QuerySet[Any, Any]:
    """Return (assignment, minor units, currency) of all paid judgements and skips.

    Work whose pay is held or was refused is not included.
    """
    return Assignment.objects.paid().values_list("id", "amount_minor", "currency")
