"""A round that asks the questions of one rubric."""

from __future__ import annotations

from collections.abc import Sequence

from annotations.models import Round, Rubric
from annotations.rules.states import Ask, RoundKind
from annotations.services import rounds
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort
from tests.factories.compensation import set_rate


def round_with(cohort: Cohort, rubric: Rubric, asks: Sequence[Ask]) -> Round:
    """A round of the cohort that is not open yet and has no tasks. One person judges each task."""
    if not cohort.pay_rates.exists():
        set_rate(cohort)
    return rounds.make_round(
        actor=SYSTEM,
        study=cohort.study,
        kind=RoundKind.JUDGING,
        title=rubric.title,
        cohorts=[rounds.CohortPlan(cohort, rubric, asks, 1)],
    )
