"""The coordinator's rounds."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.queries.filling import JOB
from annotations.rules.states import AssignmentState, RoundState, Waiting
from annotations.rules.text_kinds import Category
from annotations.services import filling
from annotations.services.rounds import CohortPlan
from codesign.shared.actors import SYSTEM
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    judge,
    judging_round,
    lease,
    make_rubric,
    send,
)
from tests.factories.studies import CohortFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.jobs import run

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


def test_a_round_that_stayed_empty_says_why_and_is_not_opened(client: Client) -> None:
    cohort = CohortFactory.create()
    for _ in range(2):
        ResponseFactory.create(prompt=PromptFactory.create(study=cohort.study))
    plan = CohortPlan(cohort, make_rubric(cohort.study), asks=["ranking"], overlap=1)
    made = filling.plan_round(
        actor=SYSTEM,
        study=cohort.study,
        title="Empty",
        cohorts=[plan],
        fill=filling.Fill(which=Waiting.EVERY, categories=list(Category)),
    )
    run(JOB, made.id)
    client.force_login(staff(cohort.study).user)
    keys = {"slug": cohort.study.slug, "round_id": made.id}
    page = client.get(reverse("annotations:round", kwargs=keys)).content.decode()
    assert "none of its prompts has two different replies" in " ".join(page.split())
    assert "2 were left out" in page
    assert reverse("modelhub:run-start", kwargs={"slug": cohort.study.slug}) in page
    assert reverse("annotations:round-open", kwargs=keys) not in page
    assert "Open the round" not in page
