"""The coordinator's rounds."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.rules.states import AssignmentState, RoundState
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import StudyFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


def test_a_coordinator_sees_closes_and_opens_rounds(client: Client) -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=3, overlap=2)
    send(lease(member))
    held = lease(member)
    coordinator = staff(member.study)
    client.force_login(coordinator.user)
    listed = reverse("annotations:rounds", kwargs={"slug": member.study.slug})
    page = client.get(listed).content.decode()
    assert "First round" in page
    assert "1 of 6" in page
    keys = {"slug": member.study.slug, "round_id": made.id}
    close, reopen = (reverse(f"annotations:round-{do}", kwargs=keys) for do in ("close", "open"))
    assert client.post(close).status_code == 302
    made.refresh_from_db()
    assert made.state == RoundState.CLOSED
    assert Assignment.objects.get(id=held.id).state == AssignmentState.LEASED
    assert client.post(close).status_code == 409
    assert client.post(reopen).status_code == 302
    few = queries_of(client, listed)
    judging_round(member.cohort, tasks=2, opened=False)
    assert queries_of(client, listed) == few


def test_the_plan_page_without_cohorts_links_to_them(client: Client) -> None:
    coordinator = staff(StudyFactory.create())
    client.force_login(coordinator.user)
    slug = coordinator.study.slug
    page = client.get(reverse("annotations:round-plan", kwargs={"slug": slug})).content.decode()
    assert reverse("studies:cohorts", kwargs={"slug": slug}) in page
    assert "Plan the round" not in page
