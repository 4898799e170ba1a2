"""Helpers of browser tests on the judging page."""

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
    """Wait for a text to judge, and for its scripts, without which no key does anything."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{number} in this sitting")
    page.wait_for_load_state("domcontentloaded")


SELECT = """([letter, words]) => {
    const said = document.querySelector(`[data-reply=${letter}] .said-md`);
    const walker = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
    const units = [];
    while (walker.nextNode())
        for (let at = 0; at < walker.currentNode.length; at += 1)
            units.push([walker.currentNode, at]);
    const start = units.map(([node, at]) => node.data[at]).join("").indexOf(words);
    const [last, at] = units[start + words.length - 1];
    getSelection().setBaseAndExtent(...units[start], last, at + 1);
}"""
"""Selects words of a reply, as a finger or a mouse does."""


def letter_of(page: Page, words: str) -> str:
    """Return the letter of the reply that has these words."""
    reply = page.locator(".reply", has_text=words)
    return str(reply.get_attribute("data-reply"))


def select(page: Page, letter: str, words: str) -> Locator:
    """Select words; return the button that marks them."""
    page.evaluate(SELECT, [letter, words])
    button = page.locator(f"[data-reply={letter}] [data-mark-now]")
    expect(button).to_be_visible()
    return button
