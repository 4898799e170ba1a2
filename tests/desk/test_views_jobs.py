"""The history of a study's long work, for its staff."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.queries import filling, releases
from codesign.desk.views.jobs import JOBS_A_PAGE
from codesign.jobs.models import Job
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import JUDGING, Role
from tests.factories.annotations import judge
from tests.factories.studies import staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


def start(member: Member, kind: str = releases.JOB, label: str = "Release 1") -> Job:
    return queueing.start(
        actor=Actor.of(member.user),
        kind=kind,
        subject_id=uuid.uuid4(),
        study_id=member.study_id,
        label=label,
        total=120,
    )


def page(client: Client, member: Member, asked: str = "") -> str:
    client.force_login(member.user)
    answer = client.get(reverse("desk:jobs", args=[member.study.slug]) + asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_who_what_when_how_far_and_why(client: Client) -> None:
    member = staff(judge().study)
    job = start(member)
    now = timezone.now()
    Job.objects.filter(id=job.id).update(
        state="failed",
        waits=False,
        done=30,
        started_at=now - timedelta(minutes=12),
        ended_at=now,
        reason="There was no room left on the disk.",
    )
    shown = page(client, member)
    for words in (
        f"coordinator {member.pseudonym}",
        "Dataset release",
        "Release 1",
        reverse("annotations:release", args=[member.study.slug, job.subject_id]),
        "Failed: There was no room left on the disk.",
        "30 of 120 judgements",
        "about 12 minutes",
    ):
        assert words in shown


def test_everybody_sees_the_kinds_of_their_role_alone(client: Client) -> None:
    coordinator = staff(judge().study)
    engineer = staff(coordinator.study, Role.ML_ENGINEER)
    start(coordinator, filling.JOB, "Second round")
    start(coordinator)
    assert "Second round" in page(client, coordinator)
    shown = page(client, engineer)
    assert "Release 1" in shown
    assert "Second round" not in shown


def test_jobs_of_other_studies_and_of_no_study_are_not_there(client: Client) -> None:
    member, other = staff(judge().study), staff(judge().study)
    start(other)
    queueing.start(actor=SYSTEM, kind=releases.JOB, subject_id=uuid.uuid4(), label="Release 7")
    assert "No long work has been started yet." in page(client, member)


def test_a_long_history_is_read_in_pages_and_costs_the_same(client: Client) -> None:
    member = staff(judge().study)
    start(member)
    client.force_login(member.user)
    address = reverse("desk:jobs", args=[member.study.slug])
    few = queries_of(client, address)
    for number in range(JOBS_A_PAGE):
        start(member, label=f"Release {number + 2}")
    assert queries_of(client, address) == few
    assert "Release 1<" not in page(client, member)
    assert "Release 1<" in page(client, member, "?last")


@pytest.mark.parametrize("role", sorted({*JUDGING, Role.SAFETY_LEAD}))
def test_nobody_else_sees_it(client: Client, role: Role) -> None:
    member = judge()
    if role not in JUDGING:
        member = staff(member.study, role)
    client.force_login(member.user)
    assert client.get(reverse("desk:jobs", args=[member.study.slug])).status_code == 403
