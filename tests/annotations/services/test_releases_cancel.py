"""Cancelling a release that is being made, and what its page says of the making."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from annotations.queries.releases import JOB
from annotations.queries.selection import selection
from annotations.services import releases
from codesign.audit.models import Event
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.services.pulse import Stopped
from codesign.jobs.services.working import at_work
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict
from codesign.studies.rules import Role
from tests.factories.studies import staff
from tests.support.jobs import claimed, run
from tests.support.release_study import Story, release
from tests.support.together import LONGEST

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    made = Story()
    made.judge(made.member(), made.prompt())
    return made


def asked(story: Story) -> DatasetRelease:
    return releases.request_release(actor=SYSTEM, study=story.study, purpose="training")


def client_of(member: Any) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def test_a_queued_release_is_cancelled_and_never_built(story: Story) -> None:
    made = asked(story)
    page = reverse("annotations:release", args=[story.study.slug, made.id])
    client = client_of(story.coordinator)
    assert f"{page}cancel/" in client.get(page).content.decode()
    client.post(f"{page}cancel/")
    run(JOB, made.id)
    made.refresh_from_db()
    assert made.state == "failed"
    assert job_about(kind=JOB, subject_id=made.id).reason == str(releases.CANCELLED_SAYS)
    assert str(releases.CANCELLED_SAYS) in client.get(page).content.decode()
    event = Event.objects.get(action="annotations.release_cancelled")
    assert event.actor_id == story.coordinator.user_id


def test_cancelling_a_build_leaves_no_files(story: Story, settings: Any, tmp_path: Path) -> None:
    settings.RELEASES_DIR = tmp_path
    made = asked(story)

    def cancel_now(done: int, total: int) -> None:
        releases.cancel(actor=Actor.of(story.coordinator.user), release=made)

    run(JOB, made.id, cancel_now)
    made.refresh_from_db()
    assert made.state == "failed"
    assert job_about(kind=JOB, subject_id=made.id).reason == str(releases.CANCELLED_SAYS)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Event.objects.filter(action="annotations.release_failed").exists()


def test_ctrl_c_of_the_command_cancels_the_release(
    story: Story, settings: Any, tmp_path: Path
) -> None:
    settings.RELEASES_DIR = tmp_path

    def ctrl_c(done: int, total: int) -> None:
        raise KeyboardInterrupt("Ctrl-C of a test")

    with pytest.raises(KeyboardInterrupt, match="Ctrl-C of a test"):
        releases.release_now(actor=SYSTEM, study=story.study, purpose="training", progress=ctrl_c)
    made = DatasetRelease.objects.get()
    assert made.state == "failed"
    assert job_about(kind=JOB, subject_id=made.id).state == "cancelled"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_frozen_release_cannot_be_cancelled(story: Story) -> None:
    made = release(story.study)
    with pytest.raises(Conflict, match="is done"):
        releases.cancel(actor=Actor.of(story.coordinator.user), release=made)


def test_readers_cannot_cancel(story: Story) -> None:
    made = asked(story)
    page = reverse("annotations:release", args=[story.study.slug, made.id])
    client = client_of(staff(story.study, Role.ML_ENGINEER))
    assert "cancel/" not in client.get(page).content.decode()
    assert client.post(f"{page}cancel/").status_code == 403


def test_the_page_says_percent_rate_and_time_left(story: Story) -> None:
    made = asked(story)
    now = time.time()
    Job.objects.filter(subject_id=made.id).update(
        state="running",
        done=30_000,
        total=120_000,
        samples=[[now - 50, 27_500], [now, 30_000]],
    )
    DatasetRelease.objects.filter(id=made.id).update(state="building")
    progress = reverse("annotations:release-progress", args=[story.study.slug, made.id])
    shown = client_of(story.coordinator).get(progress).content.decode()
    for words in ("25%", "30,000 of 120,000 judgements", "50 a second", "about 30 minutes left"):
        assert words in shown
    assert "csrfmiddlewaretoken" in shown  # so that the button works after the first update


def test_a_build_is_cancelled_during_the_first_pass(
    story: Story, settings: Any, tmp_path: Path
) -> None:
    settings.RELEASES_DIR = tmp_path
    made = asked(story)

    def too_late(done: int, total: int) -> None:
        raise AssertionError("it was read to its end")

    job = job_about(kind=JOB, subject_id=made.id)
    with at_work(job_id=job.id, call=job.call, listener=too_late) as work:
        assert work
        releases.cancel(actor=Actor.of(story.coordinator.user), release=made)
        with pytest.raises(Stopped):
            releases.write_draft(release=made, work=work)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_cancelling_does_not_wait_for_the_reading_to_end() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    made, asks = asked(story), []

    def cancel_elsewhere() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '30s'")  # we wait for it here
                releases.cancel(actor=SYSTEM, release=made)
        finally:
            connection.close()

    with claimed(JOB, made.id) as work:

        def going_on() -> None:
            work.check()  # leaves nothing locked
            with ThreadPoolExecutor(1) as other:
                other.submit(cancel_elsewhere).result()
            asks.append(made.id)
            for _ in range(int(LONGEST * 10)):
                work.check()
                time.sleep(0.1)

        chosen = selection(study=story.study, purpose="training", going_on=going_on)
        with pytest.raises(Stopped):
            list(chosen.prompts)
    assert asks == [made.id]
