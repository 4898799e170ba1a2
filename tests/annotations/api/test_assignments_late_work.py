"""What can still be done by the API with an assignment whose time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Assignment, Judgement, Seat
from annotations.rules.states import AssignmentState, SeatState
from annotations.tasks import expire_leases
from codesign.compensation.queries.ledger import balances
from tests.factories.annotations import answers, judge, judging_round, lease
from tests.factories.studies import CohortFactory
from tests.support.judging_api import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def panelist() -> Caller:
    member = judge()
    judging_round(member.cohort, tasks=3, overlap=2)
    return Caller(member)


def test_expired_work_is_accepted_while_its_seat_is_free(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    Assignment.objects.filter(id=id).update(expires_at=timezone.now() - timedelta(minutes=1))
    sent = panelist.submit(id, answers(Assignment.objects.get(id=id)))
    assert sent.status_code == 201


def test_expired_work_is_skipped_once_and_paid(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    long_ago = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(id=id).update(expires_at=long_ago)
    expire_leases()
    other = Caller(judge(cohort=panelist.member.cohort))
    assert other.lease().status_code == 201
    for _ in range(2):
        answer = panelist.send("POST", f"assignments/{id}/skip/", {"reason": "too_close"})
        assert answer.status_code == 200
    skipped = Assignment.objects.get(id=id)
    assert (skipped.state, skipped.skip_paid) == (AssignmentState.SKIPPED, True)
    assert balances(member_id=panelist.member.id) == {"GBP": 80}
    following = Assignment.objects.get(id=answer.json()["next"]["id"])
    assert following.task_id != skipped.task_id


def test_late_work_never_fills_a_seat_of_another_cohort() -> None:
    member = judge()
    clinicians = CohortFactory.create(study=member.study)
    judging_round(member.cohort, clinicians, tasks=1, overlap=1)
    panelist = Caller(member)
    id = panelist.lease().json()["id"]
    long_ago = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(id=id).update(expires_at=long_ago)
    expire_leases()
    lease(judge(cohort=member.cohort))  # holds the only seat of the panelists
    refused = panelist.submit(id, answers(Assignment.objects.get(id=id)))
    assert refused.status_code == 409
    assert not Judgement.objects.exists()
    clinician_seat = Seat.objects.get(cohort=clinicians)
    assert (clinician_seat.state, clinician_seat.offered) == (SeatState.FREE, True)
