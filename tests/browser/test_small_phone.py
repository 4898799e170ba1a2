"""What a phone 360 pixels wide shows without scrolling far: topics, what was sent, chevrons."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from annotations.models import StudyTopic
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, PLAIN, judging
from tests.browser.judging_tools import fill, send, where
from tests.browser.looking import check_page

pytestmark = pytest.mark.django_db(transaction=True)
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}}
POINTS_DOWN = """node => {
    const style = getComputedStyle(node, "::after");
    return ["Top", "Right", "Bottom", "Left"].filter(
        side => parseFloat(style[`border${side}Width`]) > 0);
}"""

BROKEN = """node => [...node.firstChild.data.matchAll(/\\S+/g)].filter(word => {
    const range = document.createRange();
    range.setStart(node.firstChild, word.index);
    range.setEnd(node.firstChild, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1;
}).map(word => word[0])"""
"""The words of an element that are on two lines."""


def box(found: Locator) -> FloatRect:
    shape = found.bounding_box()
    assert shape
    return shape


def test_a_topic_takes_one_row_and_save_stays_in_view(
    open_page: OpenPage, transactional_db: None
) -> None:
    study = judging(HARD, chose_topics=False)
    StudyTopic.objects.bulk_create(
        StudyTopic(study=study.member.study, topic=f"topic {n}") for n in range(20)
    )
    page = open_page(f"/studies/{study.slug}/topics/", user=study.member.user, **PHONE)
    choices = page.get_by_role("group", name="work", exact=True).locator(".likert-option")
    expect(choices).to_have_count(3)
    shapes = [box(choice) for choice in choices.all()]
    assert len({shape["y"] for shape in shapes}) == 1
    assert min(shape["width"] for shape in shapes) > 85
    for name in ("Save and start", "Fine with all of these"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    check_page(page, name="topics-small")


@pytest.mark.parametrize("locale", ["en", "es", "ar"])
def test_no_choice_for_a_topic_is_cut(
    open_page: OpenPage, transactional_db: None, locale: str
) -> None:
    study = judging(HARD, chose_topics=False)
    page = open_page(
        f"/studies/{study.slug}/topics/",
        user=study.member.user,
        locale=locale,
        viewport={"width": 320, "height": 640},
    )
    page.locator(".topic [value=ask]").first.check(force=True)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    for face in page.locator(".topic").first.locator(".likert-face").all():
        assert not face.evaluate("node => node.scrollWidth > node.clientWidth")
        assert face.evaluate(BROKEN) == []


def test_what_was_sent_is_apart_from_the_exit(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(PLAIN, PLAIN)
    page = open_page(study.path, user=study.member.user, **PHONE)
    fill(page)
    send(page)
    where(page, 2)
    back = page.get_by_role("link", name="Take back what you sent")
    back.evaluate("node => scrollTo(0, node.getBoundingClientRect().top + scrollY - 20)")
    judged = page.locator(".just-sent").get_by_role("link", name="What you judged")
    exit_from = box(page.get_by_role("link", name="Exit"))["x"]
    first, second = box(back), box(judged)
    assert max(shape["x"] + shape["width"] for shape in (first, second)) <= exit_from
    assert (
        second["x"] >= first["x"] + first["width"] + 8
        or second["y"] >= first["y"] + first["height"] + 8
    )


def test_chevrons_point_down_from_right_to_left(
    open_page: OpenPage, transactional_db: None
) -> None:
    study = judging(PLAIN)
    page = open_page(study.path, user=study.member.user, locale="ar", **PHONE)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert page.locator(".tool > summary").first.evaluate(POINTS_DOWN) == ["Right", "Bottom"]
