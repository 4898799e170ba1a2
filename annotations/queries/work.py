"""The work that the ledger must have credited."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import Q

from annotations.models import Assignment
from annotations.rules.states import CREDITED, AssignmentState


def paid_work() -> Iterator[tuple[uuid.UUID, int, str]]:
    """(assignment, minor units, currency) of every judgement and paid skip that pays, by id.

    Without those whose pay a person still looks at, or decided not to pay.
    """
    done = Q(state=AssignmentState.SUBMITTED) | Q(state=AssignmentState.SKIPPED, skip_paid=True)
    return (
        Assignment.objects.filter(done, example=False, amount_minor__gt=0, pay_check__in=CREDITED)
        .order_by("id")
        .values_list("id", "amount_minor", "currency")
        .iterator()
    )
