"""Topics, the content note, later and breaks in a real browser."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotations.models import Assignment, TopicChoice
from codesign.studies.rules import Role
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, PLAIN, Judging, judging
from tests.browser.judging_tools import BOTH, fill, send
from tests.browser.looking import check_page
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db(transaction=True)
HEAVY = HARD | {"intensity": 3}
WORDS = "I called in sick again today."


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging(HEAVY, chose_topics=False)


def test_how_the_pages_look(open_page: OpenPage, study: Judging) -> None:
    page = open_page(f"/studies/{study.slug}/topics/", user=study.member.user)
    check_page(page, name="topics")
    page.get_by_label("Your own daily limit").fill("900")
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check_page(page, name="topics-error")
    page.get_by_label("Your own daily limit").fill("30")
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_role("heading", name="Before you read")).to_be_visible()
    check_page(page, name="cover")
    coordinator = staff(study.member.study, Role.COORDINATOR)
    limit = reverse("annotations:study-limit", kwargs={"slug": study.slug})
    staffs = open_page(limit, user=coordinator.user)
    check_page(staffs, name="daily-limit")
    staffs.goto(reverse("annotations:prompts", kwargs={"slug": study.slug}))
    expect(staffs.get_by_text("Covered by its content note.").first).to_be_visible()
    check_page(staffs, name="prompts-covered")
    staffs.get_by_role("rowheader").get_by_role("link").first.click()
    check_page(staffs, name="prompt-covered")
    staffs.get_by_role("link", name="Show the text").click()
    expect(staffs.get_by_text(WORDS).first).to_be_visible()


@BOTH
def test_from_the_topics_to_the_text(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    page = open_page(f"/studies/{study.slug}/", user=study.member.user, scripts=scripts)
    page.get_by_role("link", name="Start").click()
    page.get_by_role("group", name="work").get_by_label("Ask me first").check(force=True)
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_role("heading", name="Before you read")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(WORDS)
    expect(page.locator("main")).to_contain_text("You wanted to be asked first about: work.")
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("main")).to_contain_text(WORDS)
    fill(page)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have finished all texts")
    assert TopicChoice.objects.get(topic="work").choice == "ask"


def press(page: Page, name: str) -> None:
    """Reach a button by the Tab key alone and press it."""
    button = page.get_by_role("button", name=name, exact=True).first
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_the_note_is_answered_by_keyboard(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(HEAVY)
    page = open_page(study.path, user=study.member.user)
    press(page, "Show the text")
    expect(page.locator("main")).to_contain_text(WORDS)


@BOTH
def test_the_judging_page_asks_once(  # standards 4.1
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you read: your topics")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    fine = page.get_by_role("button", name="Fine with all of these")
    never = page.get_by_role("group", name="work").get_by_label("Never")
    never.check(force=True)
    expect(fine).to_be_hidden()  # it would contradict the choice
    page.get_by_role("group", name="work").get_by_label("Fine").check(force=True)
    fine.click()
    expect(page.get_by_role("heading", name="Before you read")).to_be_visible()
    page.goto(study.path)
    expect(page.get_by_role("button", name="Show the text")).to_be_visible()


def test_the_topics_are_answered_by_keyboard(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    press(page, "Fine with all of these")
    expect(page.get_by_role("button", name="Show the text")).to_be_visible()


@BOTH
def test_later_and_undo(open_page: OpenPage, transactional_db: None, scripts: bool) -> None:
    study = judging(PLAIN, PLAIN)
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    page.get_by_label("Anything else").fill("half a thought")
    page.get_by_role("button", name="Later", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("from tomorrow on")
    assert Assignment.objects.get(state="expired").draft["comment"] == "half a thought"  # type: ignore[index]
    page.get_by_role("button", name="Another reason").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "The remaining texts come back on another day"
    )
    if scripts:
        check_page(page, name="later")
    page.get_by_role("button", name="Undo the skip").click()
    expect(page.locator("#messages")).to_contain_text("You have this text again.")
    fill(page)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "The remaining texts come back on another day"
    )
