"""What the next lease of a member may cost. See `compensation.services.budgets`."""

from __future__ import annotations

from annotations.queries.reserved_pay import reserved_in
from annotations.rules.drawing import MOST_REPLIES
from codesign.compensation.models import PayRate
from codesign.compensation.rules.pay_rates import pay_for
from codesign.compensation.services.budgets import Contended, most_for_a_lease
from codesign.studies.models import Member

TIMES_THE_RATE = pay_for(amount_minor=2, replies=MOST_REPLIES) // 2
"""What a text with the most replies pays, in rates."""


class NotCovered(Exception):
    """The budget does not cover the pay of the text that comes next."""


def most_pay(*, member: Member, rate: PayRate, exact: bool) -> int | None:
    """Return how much the next text may pay; None without a limit. No query without a budget.

    With `exact`, waits until nobody else leases, if the study has a budget; the caller holds no
    lock of a task.
    """
    if not getattr(member, "has_budget", True):
        return None
    study_id, currency = member.study_id, rate.currency
    return most_for_a_lease(
        study_id=study_id,
        currency=currency,
        reserved=lambda: reserved_in(study_id=study_id, currency=currency),
        times_the_rate=TIMES_THE_RATE,
        wait=exact,
    )


def is_covered(*, member: Member, rate: PayRate) -> bool:
    """Return whether the budget covers any text, without waiting for other leases."""
    try:
        return most_pay(member=member, rate=rate, exact=False) is None
    except Contended:
        return False
