"""A real browser on a real server. Pages are opened with `open_page`, which watches them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from codesign.accounts.services import make_account
from codesign.shared.actors import SYSTEM
from tests.browser.looking import Watch
from tests.browser.people import PASSWORD
from tests.support.sessions import shown_lately

if TYPE_CHECKING:
    from codesign.accounts.models import User


OpenPage = Callable[..., Page]
TIMEOUT_MS = 45_000
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Open a page in a fresh context: `open_page(path, user=…, scripts=False, locale=…)`.

    With `user`, that person is signed in, and with `lately` has shown just now who they are.
    Relative addresses lead to the test's server. Whatever the content security policy refuses on
    any of these pages fails the test.
    """
    contexts: list[BrowserContext] = []
    opened: list[Watch] = []

    def open_(
        path: str = "",
        user: User | None = None,
        scripts: bool = True,
        lately: bool = False,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url, java_script_enabled=scripts, **options
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        if user is not None:
            context.add_cookies([session_cookie(user, live_server.url, lately=lately)])
        page = context.new_page()
        opened.append(Watch(page, own_host=urlsplit(live_server.url).netloc))
        if path:
            page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    hear_out(live_server)
    assert [refusal for watch in opened for refusal in watch.refusals()] == []


@pytest.fixture
def person(transactional_db: None) -> User:
    """Somebody with an account and nothing else; signs in with PASSWORD."""
    return make_account(actor=SYSTEM, email="robin@example.org", password=PASSWORD, name="Robin")


def hear_out(live_server: LiveServer) -> None:
    """Wait until the server has answered every request of the closed browsers.

    A page that is left saves its draft: without this, that request would meet the next test, or
    the emptying of the tables between the two. The server takes calls in turn, so that once ours
    is answered each earlier one has its thread.
    """
    httpx.get(live_server.url, timeout=TIMEOUT_MS / 1000)
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=TIMEOUT_MS / 1000)
            assert not thread.is_alive(), "The server still answers a browser that was closed."


def session_cookie(user: User, url: str, *, lately: bool = False) -> Any:
    """A cookie that signs this person in; `lately`: as if they had shown just now who they are."""
    client = Client()
    client.force_login(user)
    if lately:
        shown_lately(client)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }
