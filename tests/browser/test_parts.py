"""All components of pages, in both directions and by keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import WIDTHS, check_page


@pytest.fixture(autouse=True)
def parts(settings: Any, transactional_db: None) -> None:
    """Serve the page with every part."""
    settings.ROOT_URLCONF = "tests.browser.parts_urls"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_part_in_both_directions(open_page: OpenPage, language: str) -> None:
    page = open_page(f"/parts/{language}/")  # standards 5.1, 5.2, 5.4, 5.6
    direction = "rtl" if language == "ar" else "ltr"
    assert page.evaluate("getComputedStyle(document.body).direction") == direction
    check_page(page, name=f"parts-{language}")


def test_a_scale_works_by_keyboard_and_announces_its_points(open_page: OpenPage) -> None:
    page = open_page("/parts/en/")  # standards 5.1 (2.1.1), 5.2
    group = page.get_by_role("group", name="Heard, reply A")
    group.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert group.get_by_role("radio", name=re.compile(r"^3\s*, point 3$")).is_checked()


def test_touch_targets_are_large_enough(open_page: OpenPage) -> None:
    page = open_page("/parts/en/")  # standards 5.1 (2.5.8)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        large = page.locator(".btn:not(.btn-sm), .likert-option").all()
        boxes = [target.bounding_box() for target in large]
        assert boxes
        assert all(box is not None and box["height"] >= 43.9 for box in boxes), width


def test_the_bar_does_not_cover_the_focused_element(open_page: OpenPage) -> None:
    page = open_page("/parts/en/")  # standards 5.1 (2.4.11)
    page.set_viewport_size({"width": 320, "height": 640})
    fields = page.locator("form :is(input, select, textarea):not([type=hidden])").all()
    assert fields
    for field in fields:
        field.focus()
        page.wait_for_function(
            """() => {
                const box = document.activeElement.getBoundingClientRect();
                const bar = document.querySelector(".bar").getBoundingClientRect();
                return box.top >= 0 && box.top + Math.min(box.height, 24) <= bar.top;
            }"""
        )


def test_a_failed_background_request_is_announced(open_page: OpenPage) -> None:
    page = open_page("/parts/en/?poll")  # standards 5.1 (4.1.3)
    before = page.locator("main").inner_text()
    page.get_by_role("status").get_by_text("Your request did not reach us.").wait_for()
    assert page.locator("main").inner_text() == before
