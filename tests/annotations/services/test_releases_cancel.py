"""Cancelling a release that is being made, and what its page says of the making."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from annotations.services.release_progress import Cancelled, stopped_by_cancelling, wanted
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import DatasetRelease
from annotations.queries.selection import selection
from annotations.services import releases
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict
from codesign.studies.rules import Role
from tests.factories.studies import staff
from tests.support.release_study import Story, release

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


def test_one_that_waits_is_cancelled_at_once_and_never_built(story: Story) -> None:
    made = asked(story)
    page = reverse("annotations:release", args=[story.study.slug, made.id])
    client = client_of(story.coordinator)
    assert f"{page}cancel/" in client.get(page).content.decode()
    client.post(f"{page}cancel/")
    releases.build_release(release_id=made.id)
    made.refresh_from_db()
    assert (made.state, made.error) == ("failed", releases.CANCELLED_SAYS)
    assert releases.CANCELLED_SAYS in client.get(page).content.decode()
    event = Event.objects.get(action="annotations.release_cancelled")
    assert event.actor_id == story.coordinator.user_id


def test_one_that_is_built_stops_and_leaves_nothing(
    story: Story, settings: Any, tmp_path: Path
) -> None:
    settings.RELEASES_DIR = tmp_path
    made = asked(story)

    def cancel_now(done: int, total: int) -> None:
        releases.cancel(actor=Actor.of(story.coordinator.user), release=made)

    releases.build_release(release_id=made.id, progress=cancel_now)
    made.refresh_from_db()
    assert (made.state, made.error) == ("failed", releases.CANCELLED_SAYS)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Event.objects.filter(action="annotations.release_failed").exists()


def test_what_is_frozen_cannot_be_cancelled(story: Story) -> None:
    made = release(story.study)
    with pytest.raises(Conflict):
        releases.cancel(actor=Actor.of(story.coordinator.user), release=made)


def test_who_may_look_may_not_cancel(story: Story) -> None:
    made = asked(story)
    page = reverse("annotations:release", args=[story.study.slug, made.id])
    client = client_of(staff(story.study, Role.ML_ENGINEER))
    assert "cancel/" not in client.get(page).content.decode()
    assert client.post(f"{page}cancel/").status_code == 403


def test_the_page_says_percent_rate_and_time_left(story: Story) -> None:
    made = asked(story)
    DatasetRelease.objects.filter(id=made.id).update(
        state="building",
        building_since=timezone.now() - timedelta(minutes=10),
        rows_done=30_000,
        rows_total=120_000,
    )
    progress = reverse("annotations:release-progress", args=[story.study.slug, made.id])
    shown = client_of(story.coordinator).get(progress).content.decode()
    for words in ("25%", "30,000 of 120,000 judgements", "50 a second", "about 30 minutes left"):
        assert words in shown
    assert "csrfmiddlewaretoken" in shown  # so that the button works after the first update


def test_it_stops_in_the_first_reading_before_there_is_progress(
    story: Story, settings: Any, tmp_path: Path
) -> None:
    settings.RELEASES_DIR = tmp_path
    made = asked(story)
    releases.cancel(actor=Actor.of(story.coordinator.user), release=made)

    def too_late(done: int, total: int) -> None:
        raise AssertionError("it was read to its end")

    with pytest.raises(Cancelled):
        releases.write_draft(release=made, progress=too_late)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_whoever_cancels_does_not_wait_for_the_reading_to_end() -> None:
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

    def going_on() -> None:
        stopped_by_cancelling(row=wanted(release=made))()  # looks, and leaves nothing locked
        with ThreadPoolExecutor(1) as other:
            other.submit(cancel_elsewhere).result()
        asks.append(made.id)
        stopped_by_cancelling(row=wanted(release=made))()

    chosen = selection(study=story.study, purpose="training", going_on=going_on)
    with pytest.raises(Cancelled):
        list(chosen.parts)
    assert asks == [made.id]
