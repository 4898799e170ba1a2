"""The judging loop from lease to pay, through the services."""

import pytest

from annotations.contract.skip import Skip
from annotations.models import Assignment, Seat
from annotations.rules.states import AssignmentState, SeatState
from annotations.services import submissions
from codesign.compensation.queries import ledger
from codesign.consent import services as consent
from codesign.shared.actors import Actor
from tests.factories.annotations import judge, judging_round, lease, send

pytestmark = pytest.mark.django_db


def test_judge_skip_and_leave() -> None:
    member = judge()
    judging_round(member.cohort, tasks=4, overlap=2)
    actor = Actor.of(member.user)
    first = lease(member)
    sent = send(first)
    again = send(first)
    assert (sent.repeated, again.repeated) == (False, True)
    assert (again.judgement, again.next) == (sent.judgement, sent.next)
    skipped = submissions.skip(
        actor=actor, assignment_id=lease(member).id, skip=Skip.read(reason="too_close")
    )
    after = skipped.next
    assert ledger.balances(member_id=member.id) == {"GBP": 160}
    consent.withdraw(actor=actor, member=member)
    states = Assignment.objects.order_by("leased_at").values_list("state", flat=True)
    assert list(states) == [
        AssignmentState.SUBMITTED,
        AssignmentState.SKIPPED,
        AssignmentState.RETURNED,
    ]
    assert after is not None
    assert Seat.objects.get(id=after.seat_id).state == SeatState.FREE
    assert Seat.objects.filter(offered=True).count() == 4
