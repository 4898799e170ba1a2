"""Floors of pay in the publish check."""

from __future__ import annotations

import pytest

from annotations.services import rounds
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict
from codesign.studies.models import Study
from codesign.studies.queries import gaps_of
from codesign.studies.rules import StudyState
from codesign.studies.services import change_state
from tests.factories.compensation import set_floor, set_rate
from tests.factories.ready import cohort_of, ready_study

pytestmark = pytest.mark.django_db


def says(study: Study) -> list[str]:
    return [gap.says for gap in gaps_of(study)]


def test_a_rate_below_a_floor_that_rose_since_keeps_a_study_from_opening() -> None:
    study = ready_study()
    rounds.close_round(actor=SYSTEM, round=study.rounds.get())
    set_floor(minimum_minor=1700, country="GB")
    assert says(study)[0] == (
        "Panel: £16.00 an hour is below the minimum of £17.00 an hour (A norm). Pay at least £0.85"
        " for this time."
    )
    with pytest.raises(Conflict, match="below the minimum"):
        rounds.open_round(actor=SYSTEM, round=study.rounds.get())
    set_rate(cohort_of(study), 85)
    rounds.open_round(actor=SYSTEM, round=study.rounds.get())
    change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)
    assert Study.objects.get(id=study.id).state == StudyState.OPEN
