"""The size of a first visit."""

from __future__ import annotations

import gzip

from playwright.sync_api import Request

from tests.browser.conftest import OpenPage
from tests.browser.looking import watches

BUDGET = 150_000
"""Bytes, gzipped, typeface included (standards 5.6)."""


def test_the_first_page_stays_within_its_budget(open_page: OpenPage) -> None:  # standards 5.6
    page = open_page()
    sizes = {}

    def weigh(request: Request) -> None:
        response = request.response()
        assert response
        sizes[request.url] = len(gzip.compress(response.body()))

    page.on("requestfinished", weigh)
    page.goto("/account/login/", wait_until="networkidle")
    assert any(url.endswith(".woff2") for url in sizes), "the typeface was not loaded"
    assert any("bootstrap" in url for url in sizes)
    assert sum(sizes.values()) <= BUDGET, sizes
    assert not watches[page].problems
