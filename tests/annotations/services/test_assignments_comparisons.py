"""Assignments that compare models look like all others (decision 20)."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import Any

import pytest

from annotations.models import Assignment, Round, Seat, Task
from annotations.rules.states import AssignmentState, RoundKind, SeatState
from annotations.services import assignments
from codesign.consent.rules import Purpose
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import add_task, answers, judge, judging_round, lease
from tests.factories.studies import CohortFactory
from tests.support.judging_api import Caller

pytestmark = pytest.mark.django_db
BOTH = (Purpose.TAKE_PART, Purpose.EVALUATION)
PEOPLE, ORDINARY, COMPARISONS = 12, 30, 8


def mixed(people: int = PEOPLE) -> tuple[list[Member], Round]:
    """People of one cohort with seats for each of them in an ordinary round and a comparison."""
    cohort = CohortFactory.create()
    members = [judge(cohort=cohort, granted=BOTH) for _ in range(people)]
    judging_round(cohort, tasks=ORDINARY, overlap=people)
    comparing = judging_round(cohort, tasks=0, overlap=people, kind=RoundKind.EVALUATION)
    for _ in range(COMPARISONS):
        add_task(comparing)
    return members, comparing


def following(caller: Caller, held: Assignment) -> Any:
    """Send an assignment and return the next; also when a break is offered first."""
    answer = caller.submit(held.id, answers(held), str(held.id)).json()
    return caller.lease().json() if answer["rest"] else answer["next"]


def walk(member: Member, comparing: Round) -> list[bool]:
    """Judge every assignment that the API gives; return for each whether it compares models."""
    caller = Caller(member)
    compared = set(Task.objects.filter(round=comparing).values_list("prompt_id", flat=True))
    compares_models, seen = [], caller.lease().json()
    while seen:
        compares_models.append(seen["prompt"]["id"] in {str(one) for one in compared})
        held = Assignment.objects.get(id=seen["id"])
        seen = following(caller, held)
    return compares_models


def test_evaluation_seats_are_mixed_in_and_all_finished() -> None:
    members, comparing = mixed()
    walks = [walk(member, comparing) for member in members]
    assert {(len(one), sum(one)) for one in walks} == {(ORDINARY + COMPARISONS, COMPARISONS)}
    assert not Seat.objects.exclude(state=SeatState.FILLED).exists()
    first = sum(one[0] for one in walks)
    assert first < PEOPLE  # the chance that all of twelve begin with one is 1 in 500,000
    places = [place for one in walks for place, compares in enumerate(one) if compares]
    # the eighth of draws at 1 in 3 comes at 24 on average: in a block they would be at 0 to 7
    assert 8 < statistics.mean(places) < 20
    assert len(set(places)) > 15
    runs = [sum(a != b for a, b in pairwise(one)) for one in walks]
    assert min(runs) >= 2  # in no walk do they come as one block at the start


def test_evaluation_and_judging_assignments_look_the_same() -> None:
    """The API returns the same keys, asks, rubric, pay and form of ids."""
    (member,), comparing = mixed(people=1)
    caller = Caller(member)
    shown: dict[bool, set[str]] = {True: set(), False: set()}
    compared = {
        str(one) for one in Task.objects.filter(round=comparing).values_list("prompt_id", flat=True)
    }
    seen = caller.lease().json()
    while seen:
        alike = {
            "keys": sorted(seen),
            "prompt": sorted(seen["prompt"]),
            "asks": seen["asks"],
            "pay": seen["pay"],
            "labels": [one["label"] for one in seen["responses"]],
            "versions": {len(seen[key]["id"]) for key in ("prompt", "rubric")} | {len(seen["id"])},
        }
        shown[seen["prompt"]["id"] in compared].add(str(alike))
        held = Assignment.objects.get(id=seen["id"])
        seen = following(caller, held)
    assert shown[True] == shown[False]
    assert len(shown[True]) == 1


def test_members_without_evaluation_consent_get_no_evaluation() -> None:
    members, comparing = mixed(people=3)
    without = judge(cohort=members[0].cohort)
    given = [lease(without)]
    while given[-1]:
        assignment = assignments.lease(
            actor=Actor.of(without.user), slug=without.study.slug
        ).assignment
        if assignment is None:
            break
        Assignment.objects.filter(id=assignment.id).update(state=AssignmentState.SUBMITTED)
        Seat.objects.filter(id=assignment.seat_id).update(state=SeatState.FILLED)
        given.append(assignment)
    assert len(given) > ORDINARY
    assert comparing.id not in {one.task.round_id for one in given}


@pytest.mark.parametrize("left", [RoundKind.JUDGING, RoundKind.EVALUATION])
def test_the_last_kind_of_seats_is_leased_alone(left: RoundKind) -> None:
    member = judge(granted=BOTH)
    judging_round(member.cohort, tasks=5, kind=left)
    kinds = []
    for _ in range(5):
        held = lease(member)
        kinds.append(held.task.round.kind)
        Caller(member).submit(held.id, answers(held), str(held.id))
    assert kinds == [left] * 5
