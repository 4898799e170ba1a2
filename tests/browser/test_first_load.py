"""The size of a first visit."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Request

from annotations.rules.states import Ask
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, judging
from tests.browser.looking import watches

BUDGET = 100_000
"""Bytes, gzipped, typeface included (standards 5.6 asks for 150,000)."""


@pytest.mark.parametrize("path", ["/account/login/", "judging"])
@pytest.mark.django_db(transaction=True)
def test_a_first_page_stays_within_its_budget(
    open_page: OpenPage, path: str
) -> None:  # standards 5.6
    study = judging(HARD, asks=tuple(Ask)) if path == "judging" else None
    page = open_page(user=study.member.user if study else None)
    sizes = {}

    def weigh(request: Request) -> None:
        response = request.response()
        assert response
        sizes[request.url] = len(gzip.compress(response.body()))
        if "text/html" in response.headers["content-type"]:
            assert response.headers["content-encoding"] == "gzip"

    page.on("requestfinished", weigh)
    page.goto(study.path if study else path, wait_until="networkidle")
    assert any(url.endswith(".woff2") for url in sizes), "the typeface was not loaded"
    assert any("bootstrap" in url for url in sizes)
    assert sum(sizes.values()) <= BUDGET, sizes
    assert not watches[page].problems
