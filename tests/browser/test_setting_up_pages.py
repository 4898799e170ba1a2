"""Pages to make and set up a study (standards 5.1, 5.6)."""

from __future__ import annotations

import pytest

from codesign.studies.models import Member, Study
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.accounts import UserFactory
from tests.factories.ready import PIECES
from tests.factories.studies import StudyFactory, staff


@pytest.mark.slow
def test_setting_a_study_up(open_page: OpenPage, transactional_db: None) -> None:
    staff(StudyFactory.create(title="A study that is run already"))
    coordinator = UserFactory.create(email="cora@example.org")
    page = open_page("/site/studies/", user=UserFactory.create(is_site_admin=True))
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Name of the study").fill("Quiet nights")
    page.get_by_label("Short name for web addresses").fill("quiet nights")
    page.get_by_role("button", name="Create the study").click()
    page.get_by_role("alert").wait_for()
    check_page(page, name="site-study-new")
    page.get_by_label("Short name for web addresses").fill("quiet-nights")
    page.get_by_label("Summary").fill("How replies feel to people who sleep badly.")
    page.get_by_label("Organisation").fill("Made-up Sleep Group")
    page.get_by_label("Contact address").fill("questions@example.org")
    page.get_by_label("E-mail address of the coordinator").fill(coordinator.email)
    page.get_by_role("button", name="Create the study").click()
    page.get_by_role("rowheader", name="Quiet nights").wait_for()
    check_page(page, name="site-studies")

    page = open_page("/", user=coordinator)
    page.get_by_role("link", name="Continue setting up").click()
    check_page(page, name="set-up")
    page.get_by_role("link", name="Cohorts").click()
    page.get_by_label("Name of the cohort").fill("Lived experience")
    page.get_by_role("button", name="Add").click()
    page.goto("/studies/quiet-nights/consent/write/")
    page.get_by_role("link", name="Start from the example").click()
    check_page(page, name="consent-write")
    page.get_by_role("button", name="Save and preview").click()
    page.get_by_text("Before you can publish it:").wait_for()
    check_page(page, name="consent-preview")
    page.goto("/studies/quiet-nights/questions/")
    page.get_by_role("link", name="Start from this template").first.click()
    page.get_by_label("3 means").first.fill("")
    page.get_by_role("button", name="Save these questions").click()
    page.get_by_role("alert").wait_for()
    check_page(page, name="questions-write")
    page.get_by_label("3 means").first.fill("Partly")
    page.get_by_role("button", name="Save these questions").click()
    page.get_by_text("can be used in the next round").wait_for()
    _open(open_page, Member.objects.get(user=coordinator))


def _open(open_page: OpenPage, coordinator: Member) -> None:
    study: Study = coordinator.study
    for piece in ("staff", "care", "helplines", "consent", "pay", "prompts", "rounds"):
        PIECES[piece](study)
    page = open_page(f"/studies/{study.slug}/set-up/", user=coordinator.user)
    page.get_by_role("link", name="Open the study").wait_for()
    check_page(page, name="set-up-done")
    page.get_by_role("link", name="Open the study").click()
    page.get_by_role("button", name="Open the study").click()
    page.get_by_text("The study is open.").wait_for()
