"""A large round opens and closes batch by batch; a small one at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment, Round, Seat
from annotations.queries.offering import JOB
from annotations.rules.states import AssignmentState, SeatState
from annotations.services import assignments, offering, rounds
from annotations.services.offering import BATCH
from benchmarks.people import OVERLAP, fill
from codesign.jobs.models import Job
from codesign.jobs.queries import unfinished
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.jobs import claimed, run_all
from tests.support.together import at_once

pytestmark = pytest.mark.django_db

MANY = 2 * BATCH + 500


def large(member: Member) -> Round:
    """A planned round of so many tasks, three seats each."""
    made = judging_round(member.cohort, tasks=0, overlap=OVERLAP, opened=False)
    fill(study_id=member.study_id, round_id=made.id, cohort_id=member.cohort_id, tasks=MANY)
    Seat.objects.update(offered=False)
    return made


def offered(made: Round) -> int:
    return Seat.objects.filter(task__round=made, offered=True).count()


def test_a_small_round_opens_immediately() -> None:
    made = judging_round(judge().cohort, tasks=3)
    assert (offered(made), Job.objects.count()) == (3, 0)


def test_people_start_on_a_large_round_while_it_opens(client: Client) -> None:
    member = judge()
    made = rounds.open_round(actor=SYSTEM, round=large(member))
    assert offered(made) == BATCH
    assert lease(member).task.round_id == made.id
    client.force_login(staff(member.study).user)
    keys = {"slug": member.study.slug, "round_id": made.id}
    page = client.get(reverse("annotations:round", kwargs=keys)).content.decode()
    assert "Opening the round" in page
    assert f"2,000 of {MANY:,} prompts processed" in page
    run_all(JOB)
    assert not unfinished(kind=JOB).exists()
    assert offered(made) == MANY
    assert (
        "Opening the round"
        not in client.get(reverse("annotations:round", kwargs=keys)).content.decode()
    )
    assert client.get(reverse("annotations:round-filled", kwargs=keys))["HX-Refresh"] == "true"


def test_reopening_during_closing_offers_all_seats() -> None:
    made = rounds.open_round(actor=SYSTEM, round=large(judge()))
    run_all(JOB)
    rounds.close_round(actor=SYSTEM, round=made)
    assert offered(made) == MANY - BATCH
    with claimed(JOB, made.id) as work:
        assert offering._batch(work)
        assert offered(made) == MANY - 2 * BATCH
        assert unfinished(kind=JOB).get().done == 2 * BATCH
        rounds.open_round(actor=SYSTEM, round=made)
        assert unfinished(kind=JOB).get().done == BATCH
    run_all(JOB)
    assert offered(made) == MANY
    rounds.close_round(actor=SYSTEM, round=made)
    run_all(JOB)
    assert (offered(made), unfinished(kind=JOB).count()) == (0, 0)
    run_all(JOB)


@pytest.mark.django_db(transaction=True)
def test_two_workers_close_a_large_round_while_people_judge() -> None:
    member = judge()
    people = [member, *(judge(cohort=member.cohort) for _ in range(3))]
    made = rounds.open_round(actor=SYSTEM, round=large(member))

    def judging(one: Member, held: Assignment | None) -> None:
        for _ in range(10):
            held = send(held).next if held else None
        if held:
            assignments.stop(actor=Actor.of(one.user), assignment_id=held.id)

    jobs: list[Callable[[], Any]] = [partial(judging, one, lease(one)) for one in people]
    jobs += [lambda: run_all(JOB)] * 2
    jobs += [lambda: rounds.close_round(actor=SYSTEM, round=made)]
    assert not [one for one in at_once(*jobs) if isinstance(one, Exception)]
    run_all(JOB)
    assert (offered(made), unfinished(kind=JOB).count()) == (0, 0)
    sent = Assignment.objects.filter(state=AssignmentState.SUBMITTED).count()
    filled = Seat.objects.filter(state=SeatState.FILLED).count()
    assert sent == filled > 0
    assert Seat.objects.filter(state=SeatState.FREE).count() == MANY * OVERLAP - filled
