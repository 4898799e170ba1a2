"""What a round costs: the pay of all its judgements that are still to be made."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from annotations.models import Round
from annotations.rules.states import SeatState
from codesign.compensation.queries import budgets, pay_rates
from codesign.compensation.rules.budgets import Funds, is_large, not_covered
from codesign.compensation.rules.pay_rates import pay_for
from codesign.shared.money import exponent
from codesign.studies.models import Member

SEATS_BY_REPLIES = f"""
    WITH shown AS (
        SELECT placed.task_id, count(*) AS replies
        FROM annotations_taskresponse placed JOIN annotations_task task ON task.id = placed.task_id
        WHERE task.round_id = %s GROUP BY 1
    )
    SELECT seat.cohort_id, shown.replies, seat.state, count(*)
    FROM shown JOIN annotations_seat seat USING (task_id)
    WHERE seat.state IN ('{SeatState.FREE}', '{SeatState.SHARED}')
    GROUP BY 1, 2, 3 ORDER BY 1, 2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Line:
    """Judgements of a cohort on texts with the same number of replies, and the pay of each."""

    judgements: int
    replies: int
    price_minor: int

    @property
    def cost_minor(self) -> int:
        """Return the pay of all of them, in minor units."""
        return self.judgements * self.price_minor


@dataclass(frozen=True, slots=True)
class CohortCost:
    """What a cohort is paid for a round at its current rate."""

    title: str
    currency: str
    lines: list[Line]

    @property
    def cost_minor(self) -> int:
        """Return the pay of the cohort, in minor units."""
        return sum(line.cost_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class RoundCost:
    """The cost of a round by cohort, and the budgets of its study."""

    cohorts: list[CohortCost]
    funds: dict[str, Funds]

    @property
    def totals(self) -> dict[str, int]:
        """Return currency → cost in minor units."""
        totals: Counter[str] = Counter()
        for one in self.cohorts:
            totals[one.currency] += one.cost_minor
        return dict(totals)

    @property
    def key(self) -> str:
        """Return the sums as plain text, to tell whether a person has seen these sums."""
        return " ".join(f"{code}:{minor}" for code, minor in sorted(self.totals.items()))

    @property
    def is_large(self) -> bool:
        """Return whether the sum has to be confirmed before the round opens."""
        return any(
            is_large(
                cost=cost,
                budget=self.funds[code].budget if code in self.funds else None,
                unit=10 ** exponent(code),
            )
            for code, cost in self.totals.items()
        )

    @property
    def not_covered(self) -> list[str]:
        """Return the currencies in which the budget does not cover the round."""
        return not_covered(costs=self.totals, funds=self.funds)

    @property
    def in_budgets(self) -> list[tuple[str, int, Funds | None]]:
        """Return (currency, cost, funds) of each sum, for pages."""
        return [(code, cost, self.funds.get(code)) for code, cost in self.totals.items()]


def cost_of(*, round: Round) -> RoundCost:
    """Return what the free seats of a round cost at the current rates. At most six queries.

    Seats that somebody holds are already reserved. A text with an expected answer is given once to
    everybody of the cohort.
    """
    rates = pay_rates.rates_in_force(study_id=round.study_id, at=timezone.now())
    people: Counter[uuid.UUID | None] = Counter(
        Member.objects.current()
        .filter(study_id=round.study_id, cohort__isnull=False)
        .values_list("cohort_id", flat=True)
    )
    lines: dict[uuid.UUID, list[Line]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SEATS_BY_REPLIES, [round.id])
        for cohort_id, replies, state, seats in cursor.fetchall():
            if rate := rates.get(cohort_id):
                each = people[cohort_id] if state == SeatState.SHARED else 1
                price = pay_for(amount_minor=rate.amount_minor, replies=replies)
                lines.setdefault(cohort_id, []).append(Line(seats * each, replies, price))
    return RoundCost(
        cohorts=[
            CohortCost(plan.cohort.title, rates[plan.cohort_id].currency, lines[plan.cohort_id])
            for plan in round.cohorts.select_related("cohort").order_by("cohort__position")
            if plan.cohort_id in lines
        ],
        funds=budgets.funds_by_currency(study_id=round.study_id),
    )
