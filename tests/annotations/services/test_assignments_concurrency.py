"""Many people at once, each on a connection of their own: real threads, real commits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Q

from annotations.contract.skip import Skip
from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement, Seat, Task
from annotations.queries import assignments as queries
from annotations.queries.progress import rounds_miscounted
from annotations.rules.states import AssignmentState, SeatState
from annotations.services import assignments, counters, rounds, seats, submissions
from codesign.compensation.queries import ledger, trial_balance
from codesign.consent import services as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import NoConsent
from codesign.studies.models import Member
from tests.factories.annotations import answers, judge, judging_round, lease, send
from tests.factories.studies import CohortFactory
from tests.support.together import LONGEST, at_once, closing, somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def check_seats() -> None:
    """Never more work than seats, each seat in the state of its work, the lowest free offered."""
    holds = Q(assignments__state__in=[AssignmentState.LEASED, AssignmentState.SUBMITTED])
    for seat in Seat.objects.annotate(held=Count("assignments", filter=holds)):
        held = seat.held  # type: ignore[attr-defined]
        assert held == (0 if seat.state == SeatState.FREE else 1)
    for task in Task.objects.prefetch_related("seats"):
        free = sorted(s.number for s in task.seats.all() if s.state == SeatState.FREE)
        assert [s.number for s in task.seats.all() if s.offered] == free[:1]


def judge_until_nothing_is_left(member: Member) -> list[Any]:
    """Judge until no assignment is left; return the prompts in order."""
    got: list[Any] = []
    held = assignments.lease(actor=Actor.of(member.user), slug=member.study.slug).assignment
    while held is not None:
        got.append(held.task_id)
        held = send(held).next
    # Nothing came back: then nothing was free for them, and nothing is now (seats only fill).
    assert not queries.waiting_seats(member).exists()
    return got


def test_32_people_and_60_scarce_tasks() -> None:
    cohort = CohortFactory.create()
    people = [judge(cohort=cohort) for _ in range(32)]
    judging_round(cohort, tasks=60, overlap=3)
    judging = [lambda m=member: judge_until_nothing_is_left(m) for member in people]
    got = at_once(*judging, *[counters.fold_all] * 2)[: len(people)]
    assert sum(len(tasks) for tasks in got if isinstance(tasks, list)) == 180
    assert all(isinstance(tasks, list) and len(set(tasks)) == len(tasks) for tasks in got)
    assert Judgement.objects.count() == 180
    per_task = Counter(Judgement.objects.values_list("assignment__task", flat=True))
    assert set(per_task.values()) == {3}
    assert not Seat.objects.exclude(state=SeatState.FILLED).exists()
    paid = [ledger.balances(member_id=m.id).get("GBP", 0) for m in people]
    assert sum(paid) == 180 * 80
    assert [*rounds_miscounted(), *trial_balance.imbalances()] == []
    check_seats()


def test_32_people_who_judge_skip_and_stop_as_they_like() -> None:
    cohort = CohortFactory.create()
    people = [judge(cohort=cohort) for _ in range(32)]
    judging_round(cohort, tasks=8, overlap=2)

    def wander(member: Member, number: int) -> None:
        actor = Actor.of(member.user)
        for step in range(4):
            held = assignments.lease(actor=actor, slug=member.study.slug).assignment
            if held is None:
                return
            if (number + step) % 3 == 0:
                submissions.skip(
                    actor=actor, assignment_id=held.id, skip=Skip.read(reason="dont_know")
                )
            elif (number + step) % 3 == 1:
                assignments.stop(actor=actor, assignment_id=held.id)
            else:
                send(held)

    done = at_once(*[lambda m=m, n=n: wander(m, n) for n, m in enumerate(people)])
    assert done == [None] * 32
    check_seats()


def test_one_person_in_parallel_gets_one_lease() -> None:
    member = judge()
    judging_round(member.cohort, tasks=10)
    actor = Actor.of(member.user)
    got = at_once(
        *[lambda: assignments.lease(actor=actor, slug=member.study.slug) for _ in range(12)]
    )
    assert len({one.assignment for one in got if isinstance(one, assignments.Lease)}) == 1
    assert sum(one.created for one in got if isinstance(one, assignments.Lease)) == 1
    assert Assignment.objects.count() == 1


def test_one_submission_sent_in_parallel_is_stored_once() -> None:
    member = judge()
    judging_round(member.cohort, tasks=10)
    held = lease(member)
    body = answers(held)
    got = at_once(*[lambda: submit(held, body) for _ in range(8)])
    assert all(isinstance(one, submissions.Submitted) for one in got)
    assert len({one.judgement.id for one in got if isinstance(one, submissions.Submitted)}) == 1
    assert len({one.next for one in got if isinstance(one, submissions.Submitted)}) == 1
    assert ledger.balances(member_id=member.id) == {"GBP": 80}


def submit(held: Assignment, body: dict[str, Any]) -> submissions.Submitted:
    return submissions.submit(
        actor=Actor.of(held.member.user),
        assignment_id=held.id,
        sent=UncheckedSubmission(body),
        idempotency_key="same",
    )


def test_two_people_and_the_last_seat() -> None:
    cohort = CohortFactory.create()
    people = [judge(cohort=cohort) for _ in range(2)]
    judging_round(cohort, tasks=1, overlap=1)
    got = at_once(*[lambda m=m: lease_of(m) for m in people])
    assert sorted(one is None for one in got) == [False, True]
    check_seats()


def lease_of(member: Member) -> Assignment | None:
    return assignments.lease(actor=Actor.of(member.user), slug=member.study.slug).assignment


@pytest.fixture
def someone_holds_the_task() -> Iterator[tuple[Member, threading.Event, threading.Event]]:
    """A task with two seats whose row another person's transaction has locked."""
    cohort = CohortFactory.create()
    member = judge(cohort=cohort)
    judging_round(cohort, tasks=1, overlap=2)
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                seats.locked_task(task_id=Task.objects.get().id)
                locked.set()
                release.wait(LONGEST)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(LONGEST)
    yield member, locked, release
    release.set()
    holder.join(LONGEST)


def test_a_member_waits_for_a_locked_task_with_a_free_seat(someone_holds_the_task: Any) -> None:
    """Another person locks the only task; the member waits and gets its second seat."""
    member, _, release = someone_holds_the_task
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(closing, lambda: lease_of(member))
        while not somebody_waits():
            assert not running.done()
        release.set()
        assert running.result(LONGEST) is not None


def test_a_withdrawal_while_sending_refuses_or_retracts() -> None:
    """Sent first, the judgement counts. Sent second, it is refused and the seat is free."""
    for _ in range(6):
        member = judge()
        judging_round(member.cohort, tasks=1)
        held = lease(member)
        actor = Actor.of(member.user)
        jobs: Sequence[Callable[[], Any]] = (
            lambda h=held: send(h),  # type: ignore[misc]
            lambda a=actor, m=member: consent.withdraw(actor=a, member=m),  # type: ignore[misc]
        )
        sent, _ = at_once(*jobs)
        held.refresh_from_db()
        if isinstance(sent, submissions.Submitted):
            assert held.state == AssignmentState.SUBMITTED
        else:
            assert isinstance(sent, NoConsent)
            assert held.state == AssignmentState.RETURNED
    check_seats()


def test_a_round_can_close_while_people_judge() -> None:
    cohort = CohortFactory.create()
    people = [judge(cohort=cohort) for _ in range(8)]
    made = judging_round(cohort, tasks=20, overlap=2)

    def work(member: Member) -> None:
        held = lease_of(member)
        while held is not None:
            held = send(held).next

    jobs: list[Callable[[], Any]] = [lambda m=m: work(m) for m in people]  # type: ignore[misc]
    at_once(*jobs, lambda: rounds.close_round(actor=SYSTEM, round=made))
    assert not Assignment.objects.filter(state=AssignmentState.LEASED).exists()
    assert not Seat.objects.filter(offered=True).exists()
    assert not Seat.objects.filter(state=SeatState.LEASED).exists()
