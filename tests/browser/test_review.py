"""Reviewing in a real browser, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Flag, Rewrite
from codesign.studies.models import Member
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, LONG, Judging, judge_next, judging
from tests.browser.looking import check_page
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db(transaction=True)
WARMER = LONG.replace("Not being able to get up is a real thing, not laziness.", "I believe you.")


@pytest.fixture
def study(transactional_db: None) -> Judging:
    study = judging(HARD, HARD, HARD)
    for _ in range(3):
        judge_next(
            study.member,
            rewrites=[{"response": "A", "text": WARMER}],
            flags=[
                {
                    "response": "B",
                    "harm": "poor_collaboration",
                    "severity": 2,
                    "note": "It tells them what to do.",
                }
            ],
        )
    return study


@pytest.fixture
def coordinator(study: Judging) -> Member:
    return staff(study.member.study)


def left(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=2).first).to_contain_text(words)


def test_how_it_looks(open_page: OpenPage, study: Judging, coordinator: Member) -> None:
    page = open_page(f"/studies/{study.slug}/review/?kind=rewrites", user=coordinator.user)
    check_page(page, name="review-rewrite")
    page.get_by_role("link", name="Reports of harm").click()
    check_page(page, name="review-flag")
    page.get_by_role("button", name="Uphold").click()
    page.get_by_role("link", name="Decided").click()
    check_page(page, name="review-decided")
    page.locator(".decided a").first.click()
    check_page(page, name="review-decided-one")


def test_review_works_by_keyboard(
    open_page: OpenPage, study: Judging, coordinator: Member
) -> None:  # standards 5.1: 2.1.1
    page = open_page(f"/studies/{study.slug}/review/?kind=rewrites", user=coordinator.user)
    left(page, "3 wait")
    page.get_by_label("Note").focus()
    page.keyboard.type("Warm and plain.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Accept")).to_be_focused()
    page.keyboard.press("Enter")
    left(page, "2 wait")
    expect(page.get_by_role("heading", level=2).first).to_be_focused()
    assert Rewrite.objects.filter(state="accepted").count() == 1


def test_single_keys_are_off_until_switched_on(
    open_page: OpenPage, study: Judging, coordinator: Member
) -> None:  # standards 5.1: 2.1.4
    page = open_page(f"/studies/{study.slug}/review/?kind=rewrites", user=coordinator.user)
    page.keyboard.press("h")
    left(page, "3 wait")
    page.get_by_label("Decide with single keys").check()
    page.keyboard.press("h")
    left(page, "2 wait")
    page.get_by_label("Note").press("a")
    left(page, "2 wait")
    page.get_by_role("heading", level=2).first.focus()
    page.keyboard.press("l")
    left(page, "2 wait")
    page.keyboard.press("a")
    left(page, "1 wait")
    page.get_by_label("Decide with single keys").uncheck()
    page.keyboard.press("a")
    left(page, "1 wait")
    assert sorted(Rewrite.objects.values_list("state", flat=True)) == [
        "accepted",
        "held_back",
        "pending",
    ]


def test_without_scripts_to_the_end_and_back(
    open_page: OpenPage, study: Judging, coordinator: Member
) -> None:
    page = open_page(
        f"/studies/{study.slug}/review/?kind=rewrites", user=coordinator.user, scripts=False
    )
    for _ in range(3):
        page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("No rewrites are waiting")).to_be_visible()
    page.get_by_role("link", name="Reports of harm").click()
    for _ in range(3):
        page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("No reports are waiting")).to_be_visible()
    page.get_by_role("link", name="Decided").click()
    page.get_by_role("link", name="Gives orders").first.click()
    page.get_by_role("button", name="Uphold").click()
    expect(page.get_by_text("upheld", exact=True)).to_have_count(1)
    assert Flag.objects.filter(state="upheld").count() == 1


def test_a_colleague_was_quicker(open_page: OpenPage, study: Judging, coordinator: Member) -> None:
    page = open_page(f"/studies/{study.slug}/review/?kind=rewrites", user=coordinator.user)
    Rewrite.objects.update(state="held_back")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else decided on this")
    expect(page.get_by_role("link", name="Continue to the next")).to_be_visible()
    assert set(Rewrite.objects.values_list("state", flat=True)) == {"held_back"}


def test_an_empty_review_queue(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(HARD)
    page = open_page(
        f"/studies/{study.slug}/review/?kind=rewrites", user=staff(study.member.study).user
    )
    check_page(page, name="review-empty")
