"""What tests do on the judging page in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


SEND = "Send and continue"


CRITERIA = ("Heard", "Respected", "Not judged", "Choice", "Usable")


def rate_all(page: Page, score: int = 4) -> None:
    for title in CRITERIA:
        for letter in "AB":
            scale = page.get_by_role("group", name=f"{title}, reply {letter}")
            scale.get_by_role("radio").nth(score - 1).check(force=True)


def fill(page: Page) -> None:
    rate_all(page)
    page.get_by_role("radio", name="A better", exact=True).check(force=True)


def tool(page: Page, letter: str, name: str) -> Locator:
    return page.get_by_role("article", name=f"Reply {letter}").locator("summary", has_text=name)


def send(page: Page) -> None:
    page.get_by_role("button", name=SEND).click()


def where(page: Page, number: int) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{number} in this sitting")
