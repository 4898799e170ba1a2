"""Every kind of job survives faults: one set of tests for all registered kinds.

A new kind without a scenario (`tests/support/job_scenarios.py`) fails here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing, tending, working
from codesign.shared.actors import SYSTEM
from tests.support import job_scenarios, job_scenarios_modelhub
from tests.support.job_scenarios import Scenario
from tests.support.running import eventually
from tests.support.together import LONGEST

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SCENARIOS = job_scenarios.SCENARIOS | job_scenarios_modelhub.SCENARIOS
EVERY_KIND = [name for name, _ in KINDS]
FORK = multiprocessing.get_context("fork")
REFUSE = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE {columns} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION no_room()
"""
END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
)


@pytest.fixture(params=EVERY_KIND)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scenario(kind: str) -> Scenario:
    return SCENARIOS[kind]()


def job_of(kind: str, scenario: Scenario) -> Job:
    return job_about(kind=kind, subject_id=scenario.subject_id)


def strike(job: Job, scenario: Scenario, fault: Callable[[], Any]) -> None:
    """Run a job and let a fault happen once: at its first report, or right after its claim."""
    struck: list[bool] = []

    def once(*_progress: int) -> None:
        if not struck:
            struck.append(True)
            fault()

    with working.at_work(job_id=job.id, call=job.call, listener=once) as work:
        assert work is not None
        if not scenario.reports:
            once()
        working.carry_out(work=work)
    assert struck, "the runner never reported progress"


def in_another_process(work: Callable[[], Any]) -> int | None:
    """Do something in a fork, which shares no connection with us; its exit code."""
    connection.close()
    child = FORK.Process(target=work)
    child.start()
    child.join(LONGEST)
    return child.exitcode


def finish(kind: str, scenario: Scenario) -> None:
    """Let the timer and workers finish, then check that nothing is missing or doubled."""

    def is_done() -> bool:
        Job.objects.filter(waits=True).update(due_at=timezone.now())
        tending.tend()
        job = job_of(kind, scenario)
        working.perform(job_id=job.id, call=job.call)
        return job_of(kind, scenario).state == JobState.DONE

    eventually(is_done)
    assert scenario.is_complete()
    job = job_of(kind, scenario)
    assert not job.claims.exists()
    assert not working.perform(job_id=job.id, call=job.call), "a message that came twice"


def test_every_kind_has_a_scenario() -> None:
    """Prevents a new kind of long work whose faults nobody has tried."""
    assert set(EVERY_KIND) == set(SCENARIOS)


def test_killed(kind: str, scenario: Scenario) -> None:
    """`kill -9` in the middle: the database notices at once, and another worker continues."""
    job = job_of(kind, scenario)
    code = in_another_process(
        lambda: strike(job, scenario, lambda: os.kill(os.getpid(), signal.SIGKILL))
    )
    assert code == -signal.SIGKILL
    assert job_of(kind, scenario).state == JobState.RUNNING
    finish(kind, scenario)


def test_cancelled_before_a_worker_comes(kind: str, scenario: Scenario) -> None:
    job = job_of(kind, scenario)
    queueing.cancel(actor=SYSTEM, job=job)
    assert job_of(kind, scenario).state == JobState.CANCELLED
    assert not working.perform(job_id=job.id, call=job.call)
    assert scenario.is_tidy()


def test_cancelled_while_a_worker_is_at_it(kind: str, scenario: Scenario) -> None:
    job, threads = job_of(kind, scenario), []

    def cancel() -> None:
        try:
            queueing.cancel(actor=SYSTEM, job=job)
        finally:
            connection.close()

    def in_a_thread() -> None:
        threads.append(threading.Thread(target=cancel))
        threads[0].start()
        # it waits for the transaction of this very worker, if there is one
        transaction.on_commit(lambda: threads[0].join(LONGEST))

    strike(job, scenario, in_a_thread)
    threads[0].join(LONGEST)
    assert job_of(kind, scenario).state == JobState.CANCELLED
    assert scenario.is_tidy()
    tending.tend()
    assert job_of(kind, scenario).state == JobState.CANCELLED


def test_the_database_away(kind: str, scenario: Scenario) -> None:
    """Every connection of the worker ends, the one beside its work too."""

    def end_connections() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"{END_ALL} AND pid <> pg_backend_pid()")
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def fault() -> None:
        try:
            end_connections()
        except DatabaseError:
            if scenario.reports:
                raise

    strike(job_of(kind, scenario), scenario, fault)
    connection.close()
    assert job_of(kind, scenario).state in (JobState.QUEUED, JobState.RUNNING)
    finish(kind, scenario)


def test_the_broker_away(kind: str) -> None:
    """A message that could not be sent is sent once the broker is back."""

    def start_without_broker() -> None:
        # Celery reads this variable at each connection, before its own configuration
        os.environ["CELERY_BROKER_URL"] = "redis+socket:///nowhere/valkey.sock"
        SCENARIOS[kind]()
        os._exit(0)

    assert in_another_process(start_without_broker) == 0
    job = Job.objects.get(kind=kind, state=JobState.QUEUED)
    assert job.called_at is None
    assert tending.tend() >= 1
    job.refresh_from_db()
    assert job.called_at is not None
    assert working.perform(job_id=job.id, call=job.call)
    assert Job.objects.get(id=job.id).state == JobState.DONE


def test_the_disk_full(kind: str, scenario: Scenario) -> None:
    """Work is retried once there is disk space, and no partial result is kept."""
    function = "DROP FUNCTION no_room CASCADE"
    columns = f"OF {scenario.columns}" if scenario.columns else ""
    trigger = REFUSE.format(table=scenario.table, columns=columns)
    with connection.cursor() as cursor:
        cursor.execute(trigger)
    try:
        job = job_of(kind, scenario)
        working.perform(job_id=job.id, call=job.call)
        assert job_of(kind, scenario).state == JobState.QUEUED
        assert not working.perform(job_id=job.id, call=job.call), "not before a pause"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(function)
    finish(kind, scenario)
