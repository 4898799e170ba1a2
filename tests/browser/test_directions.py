"""Right-to-left pages, and pages with forced colours."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from codesign.studies.rules import Role
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import ARABIC, HARD, Judging, judging
from tests.browser.looking import check_page
from tests.factories.studies import staff

pytestmark = pytest.mark.slow


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging(HARD)


def side(node: Locator, edge: str) -> float:
    """Where an edge of something is, in CSS pixels from the left of the page."""
    return float(node.evaluate(f"node => node.getBoundingClientRect().{edge}"))


def direction(node: Locator) -> str:
    return str(node.evaluate("node => getComputedStyle(node).direction"))


def expect_rtl(page: Page) -> None:
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    sheets = page.eval_on_selector_all("link[rel=stylesheet]", "all => all.map(one => one.href)")
    assert any("bootstrap.rtl" in sheet for sheet in sheets)
    page.set_viewport_size({"width": 1280, "height": 800})
    name, help_ = page.locator(".top-who a"), page.locator(".top-always .btn-care")
    assert side(name, "left") > side(help_, "right")  # ours begins where reading begins


def test_pages_from_right_to_left(open_page: OpenPage, study: Judging) -> None:  # standards 5.4
    home = f"/studies/{study.slug}/"
    coordinator, auditor = staff(study.member.study), staff(study.member.study, Role.AUDITOR)
    for person, path, name in [
        (study.member.user, study.path, "judge"),
        (study.member.user, home, "home-panelist"),
        (coordinator.user, home, "home-coordinator"),
        (auditor.user, f"{home}trail/", "trail"),
        (None, "/help/", "help"),
    ]:
        page = open_page(path, user=person, locale="ar")
        expect_rtl(page)
        check_page(page, name=f"rtl-{name}")


def test_texts_keep_their_own_direction_in_any_page(
    open_page: OpenPage, transactional_db: None
) -> None:  # standards 5.4
    study = judging(ARABIC)
    for language in ("en", "ar"):
        page = open_page(study.path, user=study.member.user, locale=language)
        prompt = page.locator(".conversation .said").first
        assert direction(prompt) == "rtl"
        assert direction(page.locator(".reply > .said").first) == "rtl"  # the language of the reply
        for paragraph in page.locator(".reply > .said > p").all():  # these are written in English
            assert direction(paragraph) == "ltr"


def face_of(page: Page, group: str, point: int) -> Locator:
    scale = page.get_by_role("group", name=group)
    return scale.locator(".likert-face").nth(point - 1)


def colours(node: Locator) -> tuple[str, str]:
    css_colours: list[str] = node.evaluate(
        "node => [getComputedStyle(node).backgroundColor, getComputedStyle(node).borderTopColor]"
    )
    return css_colours[0], css_colours[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_choices_and_focus_show_in_forced_colours(
    open_page: OpenPage, study: Judging, scheme: Any
) -> None:  # standards 5.1, 5.2
    page = open_page(study.path, user=study.member.user)
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    group = "Heard, reply A"
    scale = page.get_by_role("group", name=group)
    scale.get_by_role("radio").nth(2).check(force=True)
    chosen, other = face_of(page, group, 3), face_of(page, group, 4)
    ground, _edge = colours(chosen)
    plain, edge = colours(other)
    assert ground != plain  # what is chosen shows
    assert edge != plain  # and what can be chosen has an edge
    page.keyboard.press("ArrowRight")
    expect(scale.get_by_role("radio").nth(3)).to_be_focused()
    for focused in (other, page.get_by_role("button", name="Send and continue")):
        if focused is not other:
            focused.focus()
        style, width, colour = focused.evaluate(
            """node => {
                const found = getComputedStyle(node);
                return [found.outlineStyle, parseFloat(found.outlineWidth), found.outlineColor];
            }"""
        )
        assert style == "solid"
        assert width >= 2
        assert colour not in (plain, "rgba(0, 0, 0, 0)")
