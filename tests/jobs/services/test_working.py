"""Claims, heartbeats and ends of jobs: one worker per job, and no results without a claim."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from codesign.jobs.models import Claim, Job, JobMove
from codesign.jobs.queries import is_dead, progress_of
from codesign.jobs.registry import MORE, Failed, Retry
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing, tending, working
from codesign.jobs.services.pulse import Stopped
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict
from tests.support import counting_jobs
from tests.support.running import eventually

beside = pytest.mark.django_db(transaction=True)
"""Rows that other connections must see."""


def perform(job: Job) -> bool:
    job.refresh_from_db()
    return working.perform(job_id=job.id, call=job.call)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


@pytest.mark.django_db
def test_a_job_is_run_to_its_end_and_every_move_is_logged() -> None:
    counting_jobs.MOVES.clear()
    job = counting_jobs.job(lambda work: work.progress(3, 3))
    assert perform(job)
    assert state_of(job) == JobState.DONE
    assert (job.done, job.total, job.attempts, job.waits) == (3, 3, 1, False)
    moves = list(JobMove.objects.order_by("id").values_list("old", "new"))
    assert moves == [("", "queued"), ("queued", "running"), ("running", "done")]
    assert moves[1:] == counting_jobs.MOVES
    assert not Claim.objects.exists()
    assert not perform(job)


@pytest.mark.django_db
def test_an_outdated_message_is_ignored() -> None:
    job = counting_jobs.job(lambda work: None)
    first = job.call
    queueing.dispatch(jobs=[job])
    assert not working.perform(job_id=job.id, call=first)
    assert perform(job)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Failed("Nothing to count."), JobState.FAILED, "Nothing to count."),
        (Conflict("It has gone."), JobState.FAILED, "It has gone."),
        (ValueError("a secret"), JobState.FAILED, "An unexpected error stopped this"),
        (Retry("Busy.", seconds=60), JobState.QUEUED, "Busy."),
        (OperationalError("away"), JobState.QUEUED, ""),
        (OSError(28, "No space left on device"), JobState.QUEUED, ""),
    ],
    ids=["failed", "refused", "error", "retry", "database away", "disk full"],
)
def test_exceptions_of_a_runner_decide_how_the_job_ends(
    error: Exception, state: JobState, reason: str
) -> None:
    def plan(_work: Any) -> None:
        raise error

    job = counting_jobs.job(plan)
    perform(job)
    assert state_of(job) == state
    assert job.reason.startswith(reason)
    assert "secret" not in job.reason
    assert not perform(job), "not before it is due"


@pytest.mark.django_db
def test_a_job_that_is_not_claimed_is_cancelled_at_once_and_can_be_resumed() -> None:
    job = counting_jobs.job(lambda work: None)
    queueing.cancel(actor=SYSTEM, job=job)
    assert state_of(job) == JobState.CANCELLED
    with pytest.raises(Conflict, match="the count is cancelled"):
        queueing.cancel(actor=SYSTEM, job=job)
    queueing.resume(actor=SYSTEM, job=job)
    assert perform(job)
    assert state_of(job) == JobState.DONE
    with pytest.raises(Conflict, match="the count is done"):
        queueing.resume(actor=SYSTEM, job=job)


@beside
def test_a_running_job_ends_within_seconds_of_being_cancelled() -> None:
    def plan(work: Any) -> None:
        with transaction.atomic():  # as an import: one long transaction
            while True:
                work.check()
                time.sleep(0.02)

    job = counting_jobs.job(plan)
    worker = run_beside(job)
    eventually(lambda: state_of(job) == JobState.RUNNING)
    asked = time.monotonic()
    queueing.cancel(actor=SYSTEM, job=job)
    assert state_of(job) == JobState.RUNNING
    assert progress_of(job).cancelling
    worker.join(20)
    assert state_of(job) == JobState.CANCELLED
    assert time.monotonic() - asked < 10


def run_beside(job: Job) -> threading.Thread:
    """A worker in a thread, with its own database connection."""

    def work() -> None:
        try:
            perform(Job.objects.get(id=job.id))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@beside
def test_progress_is_saved_during_one_long_transaction() -> None:
    go_on = threading.Event()

    def plan(work: Any) -> None:
        with transaction.atomic():
            done = 0
            while not go_on.wait(0.05):
                done += 10
                work.progress(done, 100_000)

    job = counting_jobs.job(plan)
    worker = run_beside(job)

    def has_rate() -> bool:
        job.refresh_from_db()
        rate = progress_of(job).rate
        return rate is not None and 20 < rate < 400

    try:
        eventually(has_rate)
        assert progress_of(job).seconds_left
        with transaction.atomic():
            assert not is_dead(Claim.objects.get(job=job))
    finally:
        go_on.set()
        worker.join(20)
    assert state_of(job) == JobState.DONE


@beside
def test_only_one_worker_has_a_job() -> None:
    go_on = threading.Event()
    job = counting_jobs.job(lambda work: go_on.wait(20))
    worker = run_beside(job)
    try:
        eventually(lambda: state_of(job) == JobState.RUNNING)
        assert not perform(job)
        assert tending.tend() == 0
    finally:
        go_on.set()
        worker.join(20)
    assert state_of(job) == JobState.DONE


@pytest.mark.django_db
def test_a_worker_that_lost_its_claim_saves_nothing() -> None:
    kept = []

    def plan(work: Any) -> None:
        tending.tend()  # this test's worker has no connection beside: it looks dead
        with pytest.raises(Stopped):
            work.lock()
        kept.append(work)
        work.lock()

    job = counting_jobs.job(plan)
    perform(job)
    assert kept
    assert state_of(job) == JobState.QUEUED
    assert JobMove.objects.filter(new="queued").count() == 2


@pytest.mark.django_db
def test_a_job_whose_workers_die_again_and_again_fails() -> None:
    job = counting_jobs.job(lambda work: tending.tend())
    for _ in range(3):
        perform(job)
        assert state_of(job) == JobState.QUEUED
        tending.tend()
    perform(job)
    assert state_of(job) == JobState.FAILED
    assert "3 times" in job.reason


@beside
def test_several_workers_claim_parts_of_one_job() -> None:
    parts = []

    def plan(work: Any) -> str:
        parts.append(work.part)
        if work.part < 2:
            assert perform(Job.objects.get(id=work.job.id)), "another worker beside"
        with transaction.atomic():
            job = work.advance(done=4 if work.part == 3 else 3, total=4)
            if job.done == 4:
                work.finish()
        return MORE

    job = counting_jobs.job(plan, counting_jobs.in_parts())
    perform(job)
    assert parts == [0, 1, 2]
    assert state_of(job) == JobState.RUNNING
    assert job.waits
    perform(job)
    assert parts == [0, 1, 2, 3]
    assert state_of(job) == JobState.DONE


@pytest.mark.django_db
def test_a_command_waits_for_a_job_that_has_to_be_tried_again() -> None:
    tries: list[Any] = []

    def plan(work: Any) -> None:
        tries.append(work)
        if len(tries) == 1:
            raise Retry("Busy.", seconds=0.5)

    ended = working.run_to_end(actor=SYSTEM, job=counting_jobs.job(plan))
    assert (ended.state, len(tries)) == (JobState.DONE, 2)


@beside
def test_a_command_waits_for_a_worker_that_has_taken_its_job() -> None:
    go_on = threading.Event()
    job = counting_jobs.job(lambda _work: go_on.wait(20))
    worker = run_beside(job)
    eventually(lambda: state_of(job) == JobState.RUNNING)
    timer = threading.Timer(1.5, go_on.set)
    timer.start()
    assert working.run_to_end(actor=SYSTEM, job=job).state == JobState.DONE
    worker.join(20)
    timer.join()
    assert job.attempts == 1


@beside
def test_ctrl_c_in_a_command_cancels_its_job_at_once() -> None:
    def plan(_work: Any) -> None:
        raise KeyboardInterrupt("Ctrl-C of a test")

    job = counting_jobs.job(plan)
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C of a test"):
        working.run_to_end(actor=SYSTEM, job=job)
    assert state_of(job) == JobState.CANCELLED
    assert not Claim.objects.exists()
