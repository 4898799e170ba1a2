"""Submissions of old tabs, and late work of a closed round."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement, Seat
from annotations.rules.states import AssignmentState, SeatState
from annotations.services import rounds, submissions
from annotations.tasks import expire_leases
from codesign.compensation.queries.ledger import balances
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.annotations import send as send_as
from tests.support.judging_doors import DOORS, Door

pytestmark = pytest.mark.django_db
Came = tuple[Assignment, Assignment]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Door:
    member = judge()
    judging_round(member.cohort, tasks=3)
    return DOORS[request.param](member)


def expire(held: Assignment) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(id=held.id).update(expires_at=long_ago)
    expire_leases()


@pytest.fixture
def came(door: Door) -> Came:
    """Return an expired assignment, and the assignment that leased its task again."""
    first = lease(door.member)
    door.keep(first, "Begun in the old tab.")
    expire(first)
    again = lease(door.member)
    assert (again.task_id, again.id == first.id) == (first.task_id, False)
    return first, again


def done(member: Member) -> list[tuple[object, str]]:
    assignments = Assignment.objects.filter(member=member, state__in=("submitted", "skipped"))
    return list(assignments.values_list("id", "state"))


def seats_in_use(of: Assignment) -> dict[str, int]:
    states = list(Seat.objects.filter(task=of.task_id).values_list("state", flat=True))
    return {state: states.count(state) for state in states if state != SeatState.FREE}


def test_a_submission_of_an_old_tab_is_saved_once(door: Door, came: Came) -> None:
    first, again = came
    assert door.send(first, comment="Sent by the old tab.").taken
    assert Judgement.objects.get().comment == "Sent by the old tab."
    assert done(door.member) == [(first.id, AssignmentState.SUBMITTED)]
    assert balances(member_id=door.member.id) == {"GBP": 80}
    assert seats_in_use(first) == {SeatState.FILLED: 1}
    assert lease(door.member).task_id != first.task_id
    assert door.send(again, key="new tab").status == 409
    assert Judgement.objects.count() == 1


def test_an_old_tab_is_refused_after_the_new_one_was_sent(door: Door, came: Came) -> None:
    first, again = came
    assert door.send(again, key="new tab").taken
    refused = door.send(first, key="old tab", comment="Too late.")
    assert refused.status == 409
    assert done(door.member) == [(again.id, AssignmentState.SUBMITTED)]
    assert balances(member_id=door.member.id) == {"GBP": 80}


def test_a_draft_of_an_old_tab_appears_in_the_new_one(door: Door, came: Came) -> None:
    first, again = came
    assert again.draft
    assert again.draft["comment"] == "Begun in the old tab."
    assert door.keep(first, "Gone on with in the old tab.").status < 400
    assert "Gone on with in the old tab." in door.look(again).text


def test_a_skip_in_an_old_tab_counts_and_is_paid_once(door: Door, came: Came) -> None:
    first, again = came
    assert door.skip(first).taken
    assert done(door.member) == [(first.id, AssignmentState.SKIPPED)]
    assert balances(member_id=door.member.id) == {"GBP": 80}
    assert seats_in_use(first) == {}
    door.skip(again)
    assert done(door.member) == [(first.id, AssignmentState.SKIPPED)]
    assert balances(member_id=door.member.id) == {"GBP": 80}


def test_a_draft_waits_while_something_else_is_judged(door: Door) -> None:
    first = lease(door.member)
    door.keep(first, "Begun, then held by somebody else.")
    expire(first)
    other = judge(cohort=door.member.cohort)
    held = lease(other)
    while held.task_id != first.task_id:
        send_as(held)
        held = lease(other)
    between = lease(door.member)
    assert between.task_id != first.task_id
    assert between.draft is None
    expire(held)
    send_as(between)
    for _ in range(2):
        again = lease(door.member)
        if again.task_id == first.task_id:
            break
        send_as(again)
    assert again.draft
    assert again.draft["comment"] == "Begun, then held by somebody else."


def test_late_work_of_a_closed_round_is_kept_while_its_seat_is_free(door: Door) -> None:
    held = lease(door.member)
    expire(held)
    rounds.close_round(actor=SYSTEM, round=held.task.round)
    assert door.send(held).taken
    assert balances(member_id=door.member.id) == {"GBP": 80}
    assert not Seat.objects.filter(offered=True).exists()


def test_the_author_alone_gets_the_draft_back(door: Door) -> None:
    first = lease(door.member)
    submissions.save_draft(
        actor=Actor.of(door.member.user),
        assignment_id=first.id,
        sent=UncheckedSubmission({"comment": "Mine alone."}),
    )
    expire(first)
    other = judge(cohort=door.member.cohort)
    for _ in range(3):
        held = lease(other)
        assert held.draft is None
        send_as(held)
