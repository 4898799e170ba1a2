"""What the next lease of a member may cost, by the budget and their own limit."""

from __future__ import annotations

from datetime import datetime

from annotations.queries.reserved_pay import held_of, room_for_leases
from annotations.rules.drawing import MOST_REPLIES
from codesign.compensation.models import PayRate
from codesign.compensation.queries.pay_choices import left_of_cap
from codesign.compensation.rules.pay_rates import pay_for
from codesign.compensation.services.budgets import Contended, most_for_a_lease
from codesign.studies.models import Member

TIMES_THE_RATE = pay_for(amount_minor=2, replies=MOST_REPLIES) // 2
"""What a text with the most replies pays, in rates."""


class NotCovered(Exception):
    """The budget or the limit does not cover the pay of the text that comes next."""


def most_pay(*, member: Member, rate: PayRate, now: datetime, exact: bool) -> int | None:
    """Return how much the next text may pay, by budget and the member's own limit; None: any pay.

    No query without either. With `exact`, waits until nobody else leases, if the study has a
    budget; the caller holds no lock of a task.
    """
    limits = (
        _left_of_budget(member, rate, exact=exact),
        left_of_cap(member=member, currency=rate.currency, now=now, held=held_of),
    )
    return min((one for one in limits if one is not None), default=None)


def _left_of_budget(member: Member, rate: PayRate, *, exact: bool) -> int | None:
    if not getattr(member, "has_budget", True):
        return None
    study_id, currency = member.study_id, rate.currency
    return most_for_a_lease(
        study_id=study_id,
        currency=currency,
        read=lambda: room_for_leases(study_id=study_id, currency=currency),
        times_the_rate=TIMES_THE_RATE,
        wait=exact,
    )


def is_covered(*, member: Member, rate: PayRate, now: datetime) -> bool:
    """Return whether budget and limit cover any text, without waiting for other leases."""
    try:
        most = most_pay(member=member, rate=rate, now=now, exact=False)
    except Contended:
        return False
    return most is None or most >= rate.amount_minor * TIMES_THE_RATE
