"""Checks that every page must pass: see `check_page`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request

WIDTHS = (320, 768, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WITH_AXE = ((320, "light"), (1280, "dark"))
"""Between them both layouts and both sets of colours; the other pairs would only cost time."""
SHOTS = os.environ.get("CODESIGN_SHOTS", "")
"""A folder; when it is named, `check_page` leaves pictures of every page there."""

# axe leaves the rule about the size of targets (WCAG 2.5.8) off unless it is asked for.
AXE_OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
SMALLEST_TARGET = 24
"""CSS pixels each way; stricter than WCAG 2.5.8, which lets links within sentences be smaller."""
SMALL_TARGETS = """smallest => [...document.querySelectorAll(
        "main :is(a[href], button, input:not([type=hidden]), select, textarea, summary)")]
    .filter(node => node.checkVisibility() && !node.closest(".visually-hidden"))
    .filter(node => {
        const box = node.getBoundingClientRect();
        return Math.min(box.width, box.height) < smallest - 0.1;
    })
    .map(node => node.outerHTML.slice(0, 160))"""
COUNT_SHOWN = "nodes => nodes.filter(node => node.checkVisibility()).length"


watches: WeakKeyDictionary[Page, Watch] = WeakKeyDictionary()
"""The watch of each page that a test has open."""


class Watch:
    """Keeps what a page says in the console, what fails in it, and where it asks for files."""

    def __init__(self, page: Page, own_host: str) -> None:
        self.problems: list[str] = []
        self.page = page
        self.own_host = own_host
        watches[page] = self
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("request", self._follow)

    def _hear(self, message: ConsoleMessage) -> None:
        """Keep errors and warnings (a refusal by the CSP is one), but a page's own 403 or 404."""
        own_status = message.text.startswith("Failed to load resource") and (
            message.location.get("url") == self.page.url
        )
        if message.type in ("error", "warning") and not own_status:
            self.problems.append(f"console {message.type}: {message.text}")

    def refusals(self) -> list[str]:
        """What the content security policy refused to load, run or apply."""
        return [problem for problem in self.problems if "Content Security Policy" in problem]

    def _follow(self, request: Request) -> None:
        """Keep requests to anybody but us."""
        address = urlsplit(request.url)
        if address.scheme != "data" and address.netloc != self.own_host:
            self.problems.append(f"asked somebody else: {request.url}")


def check_page(page: Page, name: str = "") -> None:
    """Fail on anything that no page may have; `name` is what its pictures are called.

    axe with the rules of WCAG 2.2 AA on a light phone and a dark desktop (standards 5.1); no
    scrolling sideways from 320 px on (5.6); a quiet console, no refusal by the CSP, no third-party
    host (5.6); nothing to press that is too small (5.1); Help first in its place (4.7); one
    heading, at most one primary button.
    """
    page.wait_for_load_state()  # a click returns as soon as the next page begins to arrive
    wrong: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            where = f"{width} px, {scheme}"
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"scrolls sideways ({where})")
            if scheme == "light":
                small = page.evaluate(SMALL_TARGETS, SMALLEST_TARGET)
                wrong += [f"too small to press: {node} ({where})" for node in small]
            if (width, scheme) in WITH_AXE:
                wrong += [f"{problem} ({where})" for problem in _axe(page)]
            if SHOTS and name:
                Path(SHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
    wrong += _frame(page)
    wrong += watches[page].problems
    page.emulate_media(color_scheme="light")
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)


def _axe(page: Page) -> list[str]:
    violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [
        f"axe {violation['id']}: {violation['help']}: {node['html'][:160]}"
        for violation in violations
        for node in violation["nodes"]
    ]


def _frame(page: Page) -> list[str]:
    wrong = []
    if page.eval_on_selector_all("h1", COUNT_SHOWN) != 1:
        wrong.append("does not have one <h1>")
    if page.eval_on_selector_all(".btn-primary", COUNT_SHOWN) > 1:
        wrong.append("has several primary buttons")
    if page.eval_on_selector_all(".top-always > .btn-care:first-child", COUNT_SHOWN) != 1:
        wrong.append("does not have Help first in its place")
    if not page.title().endswith(" · Codesign") or page.title().startswith(" "):
        wrong.append(f"has no proper title: {page.title()!r}")
    return wrong
