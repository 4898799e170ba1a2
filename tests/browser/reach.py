"""Whether something on a page can be seen and pressed, wherever the page is scrolled to."""

from __future__ import annotations

from playwright.sync_api import Page

IN_VIEW = """node => {
    const box = node.getBoundingClientRect();
    const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0
        && box.right <= innerWidth && node.contains(over);
}"""


def scrolled(page: Page) -> list[float]:
    """Places of the page to look at it from: top, middle, end."""
    height = page.evaluate("document.documentElement.scrollHeight")
    return [0, height / 2, height]
