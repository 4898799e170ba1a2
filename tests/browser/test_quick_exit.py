"""The quick exit: always in reach, nothing in the way, and not in the history (standards 4.13)."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.judging_study import Judging, judging
from tests.browser.reach import IN_VIEW, scrolled

pytestmark = pytest.mark.django_db(transaction=True)

ELSEWHERE = settings.QUICK_EXIT_URL
EXIT = "Exit this site quickly"


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


def with_weather(page: Page) -> Page:
    """Answer for the page outside of the site, to which nothing is sent in tests."""

    def answer(route: Route) -> None:
        assert "referer" not in route.request.headers
        route.fulfill(body="<title>Weather</title><h1>Sunny</h1>", content_type="text/html")

    page.context.route(ELSEWHERE, answer)
    return page


def expect_left(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sunny")).to_be_visible()
    assert page.url == ELSEWHERE


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_exit_stays_in_reach(open_page: OpenPage, study: Judging, width: int) -> None:
    home = f"/studies/{study.slug}/"
    for path in (study.path, home, "/help/", f"{home}pay/"):
        page = open_page(path, user=study.member.user)
        page.set_viewport_size({"width": width, "height": 640})
        for place in scrolled(page):
            page.evaluate("place => scrollTo(0, place)", place)
            assert page.get_by_role("link", name=EXIT).evaluate(IN_VIEW), (path, place)


def test_exit_leaves_without_a_question_and_back_does_not_return_to_the_page(
    open_page: OpenPage, study: Judging
) -> None:
    page = with_weather(open_page(f"/studies/{study.slug}/", user=study.member.user))
    page.goto(study.path)
    page.get_by_label("Anything else").fill("half a thought")
    page.get_by_role("link", name=EXIT).click()
    expect_left(page)
    page.go_back()
    assert page.url.endswith(f"/studies/{study.slug}/")  # the page before, not the one left


def test_three_times_escape_leaves(open_page: OpenPage, study: Judging) -> None:
    page = with_weather(open_page(study.path, user=study.member.user))
    page.get_by_label("Anything else").focus()
    for _ in range(2):
        page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    assert page.url.endswith(study.path) or "/judge/" in page.url  # not three in a row
    for _ in range(2):
        page.keyboard.press("Escape")
    expect_left(page)


def test_exit_is_a_link_without_scripts(open_page: OpenPage, study: Judging) -> None:
    page = with_weather(open_page(study.path, user=study.member.user, scripts=False))
    page.get_by_role("link", name=EXIT).click()
    expect_left(page)


def test_exit_is_reached_early_by_keyboard(open_page: OpenPage, study: Judging) -> None:
    page = open_page("/help/", user=study.member.user)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=EXIT)).to_be_focused()
