"""A whole session, from the home page to the stop: by touch, by keyboard alone, without scripts.

Each goes through the content note and every kind of answer (standards 5.1, 5.2, 5.6).
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from annotations.models import Assignment, Flag, Judgement, Rewrite
from annotations.rules.states import Ask
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, PLAIN, SHORT, Judging, add, judging
from tests.browser.judging_tools import CRITERIA, letter_of, select, where

pytestmark = pytest.mark.django_db(transaction=True)
MARKED = "drinking lemon water"
OWN = "One sentence is enough for tomorrow."


@pytest.fixture
def study(transactional_db: None) -> Judging:
    """A heavy text. More come one by one, so that their order is known."""
    return judging(HARD | {"intensity": 3}, asks=tuple(Ask), chose_topics=False)


def points(page: Page, letters: str) -> list[Locator]:
    """Return the point 4 of every scale."""
    return [
        page.get_by_role("group", name=f"{title}, reply {name}").get_by_role("radio").nth(3)
        for title in CRITERIA
        for name in letters
    ]


def places(page: Page) -> list[Locator]:
    """Return places of three replies, of which two share the first."""
    return [
        page.get_by_role("group", name=f"Place of reply {name}").get_by_role(
            "radio", name=str(place), exact=True
        )
        for name, place in zip("ABC", (1, 1, 2), strict=True)
    ]


def expect_whole_session(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped for now")
    first, second = Judgement.objects.order_by("submitted_at")
    assert {rating["score"] for rating in first.ratings} == {4}
    assert (len(first.ratings), first.strength, len(first.ranking)) == (10, 2, 2)
    (mark,) = first.highlights
    assert SHORT[mark["start"] : mark["end"]] == MARKED
    assert mark["label"] == "cold"
    assert Rewrite.objects.get().text == OWN
    flag = Flag.objects.get()
    assert (flag.harm, flag.severity) == ("diagnosing", 2)
    assert [len(group) for group in second.ranking] == [2, 1]
    assert not Assignment.objects.filter(state="leased").exists()


def tap(place: Locator) -> None:
    place.tap(force=True)


def use_tools_by_touch(page: Page) -> None:
    letter = letter_of(page, "lemon water")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    tap(select(page, letter, MARKED))
    reply.get_by_label(f"What is “{MARKED}”?").select_option(label="Sounds cold")
    tap(reply.locator("summary", has_text="Rewrite"))
    reply.get_by_label(f"Your version of reply {letter}").fill(OWN)
    tap(reply.locator("summary", has_text="Report"))
    reply.get_by_label(f"What is wrong with reply {letter}?").select_option("diagnosing")
    tap(reply.get_by_role("radio", name="It could do harm", exact=True))


def test_by_touch_on_a_phone(open_page: OpenPage, study: Judging) -> None:
    page = open_page(
        "/",
        user=study.member.user,
        has_touch=True,
        is_mobile=True,
        viewport={"width": 390, "height": 700},
    )

    tap(page.get_by_role("link", name="Start"))
    tap(page.get_by_role("button", name="Fine with all of these"))
    tap(page.get_by_role("button", name="Show the text"))
    where(page, 1)
    add(study.round, PLAIN, "One.", "Two.", "Three.")
    use_tools_by_touch(page)
    for point in points(page, "AB"):
        tap(point)
    near = page.get_by_role("navigation", name="Read a reply again")
    tap(near.get_by_role("button", name="Reply B"))
    expect(near.locator(".said")).to_be_visible()
    tap(near.get_by_role("button", name="Reply B"))
    tap(page.get_by_role("radio", name="A better", exact=True))
    expect(page.locator("#answered")).to_have_text("11 of 11 answered")
    tap(page.get_by_role("button", name="Send and continue"))
    where(page, 2)
    add(study.round, PLAIN)
    for point in (*points(page, "ABC"), *places(page)):
        tap(point)
    tap(page.get_by_role("button", name="Send and continue"))
    where(page, 3)
    tap(page.locator(".bar").get_by_role("button", name="Stop for now"))
    expect_whole_session(page)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on the first visible element of that selector."""
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"not reached by keyboard: {selector}")


def use_tools_by_keyboard(page: Page) -> None:
    press = page.keyboard.press
    letter = letter_of(page, "lemon water")
    press(letter.lower())
    press("m")
    press("ArrowDown")  # the first sentence
    for edge, times in (("start,1", 1), ("end,-1", 7)):
        tab_to(page, f'[data-mark-step="{edge}"]')
        for _ in range(times):
            press("Enter")
    tab_to(page, "[data-mark-add]")
    press("Enter")
    expect(page.get_by_label(f"What is “{MARKED}”?")).to_be_focused()
    page.keyboard.type("Sounds c")
    for tool, field in (("Rewrite", "rewrite"), ("Report", "harm")):
        while not page.evaluate("name => document.activeElement.innerText?.startsWith(name)", tool):
            tab_to(page, f"[data-reply={letter}] summary")
        press("Enter")
        tab_to(page, f"[name={field}-{letter}]")
        if field == "rewrite":
            press("Control+a")
            page.keyboard.type(OWN)
        else:
            page.keyboard.type("Tells")
    tab_to(page, f"[name=severity-{letter}]")
    press("ArrowDown")


def test_by_keyboard_alone(open_page: OpenPage, study: Judging) -> None:  # WCAG 2.1.1
    page = open_page("/", user=study.member.user)
    press = page.keyboard.press
    tab_to(page, "main a.btn-primary")
    press("Enter")
    page.get_by_role("button", name="Save and start").wait_for()
    tab_to(page, ".fine-with-all")
    press("Enter")
    page.get_by_role("button", name="Show the text").wait_for()
    tab_to(page, "[value=view]")
    press("Enter")
    where(page, 1)
    add(study.round, PLAIN, "One.", "Two.", "Three.")
    use_tools_by_keyboard(page)
    for _ in range(10):
        press("n")
        press("4")
    press("n")
    press("2")  # A better
    press("s")
    press("Enter")
    where(page, 2)
    add(study.round, PLAIN)
    for key in "4" * 15 + "112":
        press("n")
        press(key)
    press("s")
    press("Enter")
    where(page, 3)
    tab_to(page, "[value=stop]")
    press("Enter")
    expect_whole_session(page)


def test_without_scripts(open_page: OpenPage, study: Judging) -> None:  # standards 5.6
    page = open_page("/", user=study.member.user, scripts=False)
    page.get_by_role("link", name="Start").click()
    page.get_by_role("button", name="Save and start").click()
    page.get_by_role("button", name="Show the text").click()
    where(page, 1)
    add(study.round, PLAIN, "One.", "Two.", "Three.")
    letter = letter_of(page, "lemon water")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    reply.locator("summary", has_text="Mark words").click()
    reply.get_by_label(f"Words of reply {letter} to mark").fill(MARKED)
    reply.get_by_role("button", name="Mark these words").click()
    reply.get_by_label(f"What is “{MARKED}”?").select_option(label="Sounds cold")
    reply.locator("summary", has_text="Rewrite").click()
    reply.get_by_label(f"Your version of reply {letter}").fill(OWN)
    reply.locator("summary", has_text="Report").click()
    reply.get_by_label(f"What is wrong with reply {letter}?").select_option("diagnosing")
    reply.get_by_role("radio", name="It could do harm", exact=True).check(force=True)
    page.get_by_role("link", name="Reply B").click()
    assert page.url.endswith("#reply-B")
    for point in points(page, "AB"):
        point.check(force=True)
    page.get_by_role("radio", name="A better", exact=True).check(force=True)
    page.get_by_role("button", name="Send and continue").click()
    where(page, 2)
    add(study.round, PLAIN)
    for point in (*points(page, "ABC"), *places(page)):
        point.check(force=True)
    page.get_by_role("button", name="Send and continue").click()
    where(page, 3)
    page.get_by_role("button", name="Stop for now").click()
    expect_whole_session(page)
