"""Pages on which a coordinator withdraws or rejects something (standards 5.1)."""

from __future__ import annotations

import pytest

from annotations.models import Round
from annotations.queries.filling import JOB
from codesign.studies.rules import Role
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, StudyFactory, staff
from tests.support.generation_runs import start
from tests.support.jobs import run


@pytest.mark.slow
def test_taking_back_asks_first(open_page: OpenPage, transactional_db: None) -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    send(lease(member))
    at = f"/studies/{member.study.slug}"
    page = open_page(f"{at}/prompts/", user=staff(member.study).user)
    check_page(page, name="prompts")
    page.get_by_role("rowheader").get_by_role("link").first.click()
    check_page(page, name="prompt")
    page.get_by_role("link", name="Withdraw").first.click()
    check_page(page, name="prompt-take-out")
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("Withdrawn on").wait_for()
    page.goto(f"{at}/pay/entries/")
    check_page(page, name="entries")
    page.get_by_role("link", name="Reject £").click()
    page.get_by_role("button", name="Propose").click()
    page.get_by_role("alert").wait_for()
    check_page(page, name="reject-refused")
    page.goto(f"{at}/pause/")
    page.get_by_role("button", name="Pause the study").click()
    check_page(page, name="rounds-paused")
    page.goto(f"{at}/people/")
    page.get_by_role("link", name="Remove").click()
    check_page(page, name="person-take-out")
    page.get_by_role("button", name="Remove from the study").click()
    check_page(page, name="people")
    former = open_page("/", user=member.user)
    former.get_by_role("heading", name="You are no longer part of this study").wait_for()
    check_page(former, name="former")


@pytest.mark.slow
def test_all_links_of_a_coordinator_fit_one_row(
    open_page: OpenPage, transactional_db: None
) -> None:
    coordinator = staff(StudyFactory.create())
    viewport = {"width": 1280, "height": 900}
    page = open_page(
        f"/studies/{coordinator.study.slug}/", user=coordinator.user, viewport=viewport
    )
    links = page.locator(".top-nav a")
    assert links.count() > 12
    tops = links.evaluate_all("links => links.map(link => link.getBoundingClientRect().top)")
    assert len(set(tops)) == 1


@pytest.mark.slow
def test_planning_a_round(open_page: OpenPage, transactional_db: None) -> None:
    panelist = judge()
    clinic = CohortFactory.create(
        study=panelist.study, title="Clinicians", key="clinician", role=Role.CLINICIAN, position=1
    )
    judging_round(panelist.cohort, clinic, tasks=3)
    page = open_page(f"/studies/{panelist.study.slug}/rounds/", user=staff(panelist.study).user)
    page.get_by_role("link", name="Plan a round").click()
    check_page(page, name="round-plan")
    page.get_by_label("Title of the round").fill("Second round")
    page.get_by_label("People for each prompt").first.fill("0")
    page.get_by_role("button", name="Plan the round").click()
    page.get_by_role("alert").first.wait_for()
    check_page(page, name="round-plan-refused")
    page.get_by_label("People for each prompt").first.fill("2")
    page.get_by_label("All prompts of the study").check()
    page.get_by_role("button", name="Plan the round").click()
    page.get_by_role("heading", name="Progress of each cohort").wait_for()
    check_page(page, name="round-filling")
    run(JOB, Round.objects.get(title="Second round").id)
    page.get_by_text("3 prompts were added.").wait_for()
    page.get_by_role("button", name="Open the round").click()
    page.get_by_role("link", name="Close the round").click()
    check_page(page, name="round-close")
    page.get_by_role("button", name="Close the round").click()
    page.get_by_text("The round is closed.").wait_for()
    check_page(page, name="round-closed")


@pytest.mark.slow
def test_cancelling_and_resuming_a_job(open_page: OpenPage, transactional_db: None) -> None:
    member = staff(StudyFactory.create())
    start(member.study)
    page = open_page(f"/studies/{member.study.slug}/jobs/", user=member.user)
    check_page(page, name="jobs")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("status").get_by_text("cancelled.").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("status").get_by_text("resumed.").wait_for()
    check_page(page, name="jobs-resumed")
