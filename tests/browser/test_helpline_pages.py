"""Pages of helplines, hints on wording while one writes, and numbers in Arabic pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from codesign.studies.models import Study
from codesign.studies.rules import Role, StudyState
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.care import cover
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

pytestmark = pytest.mark.slow


@pytest.fixture
def study(transactional_db: None) -> Study:
    return StudyFactory.create(state=StudyState.DRAFT, title="Quiet nights")


def test_a_safety_lead_keeps_helplines(open_page: OpenPage, study: Study) -> None:
    page = open_page(f"/studies/{study.slug}/helplines/", user=staff(study, Role.SAFETY_LEAD).user)
    check_page(page, name="helplines-none")
    page.get_by_label("Country").select_option("Ireland")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Copy the examples").click()
    page.get_by_text("3 examples were copied.").wait_for()
    check_page(page, name="helplines")
    samaritans = page.get_by_role("listitem").filter(has_text="Samaritans")
    samaritans.get_by_role("button", name="Verified today").click()
    page.get_by_text("“Samaritans” is verified as of today.").wait_for()
    samaritans.get_by_role("link", name="Edit").click()
    check_page(page, name="helpline")
    page.get_by_label("Phone number (optional)").fill("12345")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").get_by_text("“12345” is not a number").wait_for()
    check_page(page, name="helpline-refused")
    page.get_by_role("link", name="Cancel").click()
    samaritans.get_by_role("link", name="Remove").click()
    check_page(page, name="helpline-remove")
    page.get_by_role("button", name="Remove the line").click()
    page.get_by_text("“Samaritans” was removed.").wait_for()


def test_numbers_keep_their_order_in_an_arabic_page(
    open_page: OpenPage, transactional_db: None
) -> None:
    member = MemberFactory.create()
    cover(member.study, "AU", name="Lifeline").phone = "13 11 14"
    page = open_page("/help/", user=member.user, locale="ar")
    check_page(page, name="rtl-help-member")
    number = page.get_by_role("link", name="116 123", exact=True).first
    assert number.get_attribute("href") == "tel:116123"
    first, last = (
        number.evaluate(
            """(node, at) => {
                const text = node.querySelector("bdi").firstChild;
                const range = document.createRange();
                range.setStart(text, at);
                range.setEnd(text, at + 1);
                return range.getBoundingClientRect().left;
            }""",
            place,
        )
        for place in (0, 6)
    )
    assert first < last


def test_hints_on_wording_while_one_writes(open_page: OpenPage, study: Study) -> None:
    page = open_page(f"/studies/{study.slug}/set-up/about/", user=staff(study).user)
    page.get_by_label("Summary").fill("For people who suffer from low mood.")
    page.get_by_label("Organisation").focus()
    page.get_by_text("lives with, or has").wait_for()
    check_page(page, name="wording-hints")
    page.get_by_label("Summary").fill("For people with low mood.")
    page.get_by_role("button", name="Check the wording").click()
    page.get_by_text("No hints on the wording.").wait_for()
    page.get_by_label("Summary").press("Home")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Setting up this study")


def test_hints_without_scripts_open_in_another_tab(open_page: OpenPage, study: Study) -> None:
    page = open_page(f"/studies/{study.slug}/set-up/about/", user=staff(study).user, scripts=False)
    page.get_by_label("Summary").fill("He committed suicide.")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Check the wording").click()
    expect(opened.value.get_by_text("died by suicide")).to_be_visible()
    expect(page.get_by_label("Summary")).to_have_value("He committed suicide.")


def test_every_form_of_coordinators_with_hints_is_a_whole_page(
    open_page: OpenPage, study: Study
) -> None:
    CohortFactory.create(study=study)
    coordinator = staff(study).user
    for path in ("consent/write/", "questions/new/", "rounds/new/"):
        page = open_page(f"/studies/{study.slug}/{path}", user=coordinator)
        page.get_by_role("button", name="Check the wording").click()
        page.get_by_text("No hints on the wording.").wait_for()
        check_page(page, name=f"wording-{path.partition('/')[0]}")
