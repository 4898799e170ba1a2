"""What a round costs before it opens."""

from __future__ import annotations

import pytest

from annotations.models import Seat
from annotations.queries.round_costs import Line, cost_of
from annotations.rules.states import Ask, RoundKind
from tests.factories.annotations import SOURCE_A, SOURCE_B, add_task, judge, judging_round, lease
from tests.factories.compensation import set_budget, set_rate
from tests.factories.studies import CohortFactory

pytestmark = pytest.mark.django_db


def test_a_round_costs_its_free_seats_by_replies_and_cohort() -> None:
    member = judge()
    clinicians = CohortFactory.create(study=member.study, role="clinician", title="Clinic")
    set_rate(clinicians, 500, currency="EUR")
    made = judging_round(member.cohort, clinicians, tasks=4, overlap=3, opened=False)
    add_task(made, sources=(SOURCE_A, SOURCE_B, SOURCE_A))
    set_budget(member.study, 1000)
    cost = cost_of(round=made)
    assert member.cohort
    by_cohort = {one.title: one.lines for one in cost.cohorts}
    assert by_cohort == {
        member.cohort.title: [Line(12, 2, 80), Line(3, 3, 120)],
        "Clinic": [Line(12, 2, 500), Line(3, 3, 750)],
    }
    assert cost.totals == {"GBP": 12 * 80 + 360, "EUR": 12 * 500 + 2250}
    assert cost.not_covered == ["GBP"]
    assert cost.is_large


def test_a_round_that_is_opened_again_costs_what_is_left() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=3)
    lease(member)
    assert Seat.objects.filter(state="free").count() == 2
    cost = cost_of(round=made)
    assert cost.totals == {"GBP": 160}
    assert not cost.is_large


def test_texts_with_an_expected_answer_cost_one_judgement_of_everybody() -> None:
    member = judge()
    judge(cohort=member.cohort)
    made = judging_round(
        member.cohort, tasks=3, kind=RoundKind.TRAINING, asks=[Ask.RATING], opened=False
    )
    assert cost_of(round=made).totals == {"GBP": 2 * 3 * 80}
