"""What goes wrong is said in plain words, with the way on and Help in its place."""

from __future__ import annotations

from typing import Any

import pytest

from codesign.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page

PAGES = [
    ("/bad/", 400, "We could not read your request"),
    ("/too-long/", 413, "This is too long"),
    ("/forbidden/", 403, "You do not have access to this page"),
    ("/too-often/", 429, "Please wait a moment"),
    ("/nowhere/", 404, "Page not found"),
    ("/broken/", 500, "Something went wrong on our side"),
    ("/away/", 503, "Codesign is not available right now"),
    ("/full/", 503, "Our server is full"),
    ("/refused/", 409, "Somebody else has answered this one meanwhile."),
    ("/invalid/", 400, "That cannot be taken as it is."),
]


@pytest.mark.parametrize(("path", "status", "heading"), PAGES)
def test_error_pages_are_pages_too(
    open_page: OpenPage, person: User, settings: Any, path: str, status: int, heading: str
) -> None:
    settings.ROOT_URLCONF = "tests.browser.error_urls"
    page = open_page(user=person)
    answer = page.goto(path)
    assert answer
    assert answer.status == status
    assert page.get_by_role("heading", level=1).inner_text() == heading
    check_page(page, name=f"error-{path.strip('/')}")


def test_a_form_from_another_session_says_load_it_again(
    open_page: OpenPage, transactional_db: None
) -> None:
    page = open_page("/account/login/")
    page.get_by_label("E-mail address").fill("sam@example.org")
    page.get_by_label("Password").fill("anything")
    page.context.clear_cookies()
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Please reload the page").wait_for()
    check_page(page, name="error-csrf")


def test_what_a_page_does_not_take_is_a_page_too(
    open_page: OpenPage, person: User, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.browser.error_urls"
    page = open_page("/only-read/", user=person)
    with page.expect_response("**/only-read/") as answer:
        page.get_by_role("button", name="Send").click()
    assert answer.value.status == 405
    page.get_by_role("heading", name="This page cannot do that").wait_for()
    check_page(page, name="error-not-taken")
    page.get_by_role("link", name="Open the page").click()
    page.get_by_role("button", name="Send").wait_for()


def test_an_address_that_a_button_sends_to_leads_to_the_page_with_the_button(
    open_page: OpenPage, person: User
) -> None:
    page = open_page(user=person)
    answer = page.goto("/account/tokens/revoke/")
    assert answer
    assert (answer.status, page.url.endswith("/account/tokens/")) == (200, True)
    page.get_by_text("so nothing was changed").wait_for()
