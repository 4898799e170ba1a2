"""State moves by its table, in one statement, and leaves a log row."""

from __future__ import annotations

import pytest

from annotations.models import Seat
from annotations.rules.states import SEAT_STATES, SeatState
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict
from codesign.shared.transition import (
    ITEMS,
    MACHINES,
    machine,
    machine_of_items,
    move_items,
    transition,
)
from codesign.studies.models import Study
from codesign.studies.rules import STUDY_STATES, StudyState
from tests.factories.annotations import judge, judging_round
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db


def moves() -> list[object]:
    events = Event.objects.filter(action="studies.state_changed").order_by("id")
    return list(events.values_list("data", flat=True))


def study_in(state: StudyState) -> Study:
    return StudyFactory.create(state=state)


def test_a_move_writes_state_columns_and_log() -> None:
    study = study_in(StudyState.OPEN)
    transition(study, to=StudyState.PAUSED, actor=SYSTEM, changes={"title": "Paused days"})
    study.refresh_from_db()
    assert (study.state, study.title) == (StudyState.PAUSED, "Paused days")
    assert moves() == [{"from": "open", "to": "paused"}]


def test_what_the_table_does_not_allow_is_refused_and_leaves_no_log() -> None:
    study = study_in(StudyState.OPEN)
    with pytest.raises(Conflict, match="the study is open"):
        transition(study, to=StudyState.OPEN, actor=SYSTEM)
    assert moves() == []


def test_a_row_that_somebody_else_has_moved_is_refused() -> None:
    study = study_in(StudyState.OPEN)
    stale = Study.objects.get(id=study.id)
    transition(study, to=StudyState.PAUSED, actor=SYSTEM)
    with pytest.raises(Conflict, match="the study is paused"):
        transition(stale, to=StudyState.PAUSED, actor=SYSTEM)
    assert stale.state == StudyState.PAUSED
    assert len(moves()) == 1


def test_a_machine_is_registered_once() -> None:
    assert (Study, "state") in MACHINES
    with pytest.raises(ValueError, match="registered twice"):
        machine(Study, STUDY_STATES, log=print)


def test_items_move_in_one_statement_those_in_the_old_state_alone() -> None:
    judging_round(judge().cohort, tasks=3)
    one = Seat.objects.order_by("id")[0]
    Seat.objects.filter(id=one.id).update(state=SeatState.FILLED, offered=False)
    before = Event.objects.count()
    moved = move_items(Seat.objects.all(), old="free", to="leased", offered=False)
    assert moved == Seat.objects.count() - 1 == Seat.objects.filter(state="leased").count()
    assert Seat.objects.get(id=one.id).state == SeatState.FILLED
    assert not Seat.objects.filter(offered=True).exists()
    assert Event.objects.count() == before


def test_a_move_of_items_that_their_table_does_not_allow_is_refused() -> None:
    with pytest.raises(Conflict, match="the seat is filled"):
        move_items(Seat.objects.all(), old="filled", to="free")


def test_items_are_registered_once() -> None:
    assert (Seat, "state") in ITEMS
    with pytest.raises(ValueError, match="registered twice"):
        machine_of_items(Seat, SEAT_STATES, module=__name__, logged_by="nothing")
