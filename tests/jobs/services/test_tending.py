"""The timer sends missing messages and never waits."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from codesign.jobs.models import Claim, Job
from codesign.jobs.queries import LOST_AFTER, LOST_AFTER_WHEN_BUSY
from codesign.jobs.rules import STALE_AFTER, JobState
from codesign.jobs.services import tending
from tests.support import counting_jobs
from tests.support.together import LONGEST


def called_ago(job: Job, silent: timedelta) -> None:
    Job.objects.filter(id=job.id).update(called_at=timezone.now() - silent)


@pytest.mark.django_db
def test_an_unanswered_message_is_sent_again() -> None:
    job = counting_jobs.job(lambda work: None)
    assert tending.tend() == 0
    called_ago(job, LOST_AFTER)
    assert tending.tend() == 1
    assert tending.tend() == 0
    job.refresh_from_db()
    assert job.call == 2


@pytest.mark.django_db(transaction=True)
def test_messages_behind_a_busy_worker_are_not_sent_again() -> None:
    busy, over = threading.Event(), threading.Event()

    def plan(_work: object) -> None:
        busy.set()
        over.wait(LONGEST)

    first, second = counting_jobs.job(plan), counting_jobs.job(lambda work: None)
    worker = threading.Thread(target=counting_jobs.perform, args=[first])
    worker.start()
    try:
        assert busy.wait(LONGEST)
        called_ago(second, LOST_AFTER * 2)
        assert tending.tend() == 0
        called_ago(second, LOST_AFTER_WHEN_BUSY)
        assert tending.tend() == 1
    finally:
        over.set()
        worker.join(LONGEST)


@pytest.mark.django_db(transaction=True)
def test_the_timer_skips_locked_jobs() -> None:
    """Prevents the timer from waiting behind a large import, and sign-in mail behind the timer."""
    locked, free = (counting_jobs.job(lambda work: None) for _ in range(2))
    for job in (locked, free):
        called_ago(job, LOST_AFTER)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Job.objects.select_for_update().get(id=locked.id)
                held.set()
                over.wait(LONGEST)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(LONGEST)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            assert tending.tend() == 1
    finally:
        over.set()
        holder.join(LONGEST)
    assert tending.tend() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_no_longer_beats_counts_as_dead() -> None:
    """The worker's connection can stay open while a machine sleeps or a library hangs."""
    hung, over = threading.Event(), threading.Event()

    def plan(_work: object) -> None:
        hung.set()
        over.wait(LONGEST)

    job = counting_jobs.job(plan)
    worker = threading.Thread(target=counting_jobs.perform, args=[job])
    worker.start()
    try:
        assert hung.wait(LONGEST)
        tending.tend()
        assert Claim.objects.filter(job=job).exists()
        with transaction.atomic():  # its own heartbeat waits for this
            Claim.objects.update(heartbeat_at=timezone.now() - STALE_AFTER * 2)
            tending.free_dead(job=Job.objects.select_for_update().get(id=job.id))
        job.refresh_from_db()
        assert job.state == JobState.QUEUED
    finally:
        over.set()
        worker.join(LONGEST)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED, "the old worker ends nothing"
