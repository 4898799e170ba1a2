"""Marking passages in a real browser: by mouse, by keyboard, in any script (standards 5.2)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Judgement
from annotations.rules.states import Ask
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import ARABIC, PLAIN, Judging, add, judge_next, judging
from tests.browser.judging_tools import fill, letter_of, select, send, where
from tests.browser.looking import check_page

pytestmark = pytest.mark.django_db(transaction=True)
SOURCE = (
    "<think>No.</think>I hear **how tired** you are 👩🏽‍🚒 cafe\u0301 now.\n\n"
    "- Call 0800 1111\n- لا أستطيع النوم **منذ** أسبوعين\n\n<b>x</b> [a link](https://e.example.org)"
)

PASSAGES = {
    "hear how tired you": "hear **how tired** you",
    "tired you are 👩": "tired** you are 👩🏽‍🚒",
    "cafe": "cafe\u0301",
    "0800 1111": "0800 1111",
    "النوم منذ": "النوم **منذ",
    " now.": "now.",
}
"""What is selected → the passage of the source."""


@pytest.fixture
def study(transactional_db: None) -> Judging:
    made = judging(PLAIN, asks=tuple(Ask))
    judge_next(made.member)
    add(made.round, ARABIC, SOURCE, "**Short** and kind.")
    return made


def sent_passages() -> list[str]:
    marks = Judgement.objects.latest("submitted_at").highlights
    return [SOURCE[mark["start"] : mark["end"]] for mark in marks]


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("Saved")


def correct_the_marks(page: Page, letter: str, path: str) -> None:
    page.goto(path)
    reply = page.get_by_role("article", name=f"Reply {letter}")
    reply.get_by_role("button", name="Remove “0800 1111”").click()
    select(page, letter, "a link").click()
    page.evaluate("scrollTo(0, 0)")
    check_page(page, name="mine-correct-marks")
    page.get_by_role("button", name="Send the corrected answers").last.click()
    expect(page.get_by_text("Corrected. Your new answers count from now on.")).to_be_visible()
    expect(page.locator("mark", has_text="a link")).to_be_visible()
    assert sent_passages() == [
        *[p for p in list(PASSAGES.values())[:-1] if p != "0800 1111"],
        "a link",
    ]


def test_by_mouse_with_emoji_marks_and_both_directions(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    letter = letter_of(page, "how tired")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    for words in PASSAGES:
        select(page, letter, words).click()
    chips = reply.locator(".passage")
    expect(chips).to_have_count(len(PASSAGES))
    expect(reply.locator("mark.mark-again")).to_have_text(["tired", "you"])
    expect(reply.locator("mark", has_text="now.")).to_have_count(1)
    reply.get_by_label("What is “hear how tired you”?").select_option(label="Sounds warm")
    reply.get_by_label("Why did you mark “cafe\u0301”?").fill("It is a place.")
    saved(page)
    check_page(page, name="judge-marks")
    page.reload()
    expect(chips).to_have_count(len(PASSAGES))
    expect(reply.get_by_label("Why did you mark “cafe\u0301”?")).to_have_value("It is a place.")
    reply.get_by_role("button", name="Remove “now.”").click()
    expect(chips).to_have_count(len(PASSAGES) - 1)
    expect(reply.locator("mark", has_text="now.")).to_have_count(0)
    select(page, letter, "0800 1111").click()  # the same again is the same passage
    expect(chips).to_have_count(len(PASSAGES) - 1)
    fill(page)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have finished")
    assert sent_passages() == list(PASSAGES.values())[:-1]
    judgement = Judgement.objects.latest("submitted_at")
    first = judgement.highlights[0]
    assert (first["label"], first["comment"]) == ("warm", "")
    correct_the_marks(
        page, letter, f"/studies/{study.slug}/mine/{judgement.assignment_id}/correct/"
    )


def test_by_keyboard(open_page: OpenPage, study: Judging) -> None:  # WCAG 2.1.1
    page = open_page(study.path, user=study.member.user)
    letter = letter_of(page, "how tired")
    page.keyboard.press(letter.lower())
    expect(page.locator(f"#reply-{letter}")).to_be_focused()
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    chosen = page.locator(f"[data-reply={letter}] [data-mark-choice-words]")
    expect(chosen).to_have_text("I hear how tired you are 👩🏽‍🚒 cafe\u0301 now.")
    steps = ["Start one word later", "Start one word later", "End one word earlier"]
    for step in steps:
        page.locator(f"[data-reply={letter}]").get_by_role("button", name=step).press("Enter")
    expect(chosen).to_have_text("how tired you are 👩🏽‍🚒 cafe\u0301")
    add_words = page.locator(f"[data-reply={letter}] [data-mark-add]")
    add_words.press("Enter")
    label = page.get_by_label("What is “how tired you are 👩🏽‍🚒 cafe\u0301”?")
    expect(label).to_be_focused()
    expect(page.locator(f"[data-reply={letter}] [data-mark-says]")).to_contain_text("Marked: how")
    fill(page)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have finished")
    assert sent_passages() == ["how tired** you are 👩🏽‍🚒 cafe\u0301"]


def test_words_without_scripts(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user, scripts=False)
    letter = letter_of(page, "how tired")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    for words in ("how tired you are", "منذ أسبوعين"):
        if reply.get_by_role("button", name="Mark these words").is_hidden():
            reply.locator("[data-mark-tool] summary").click()
        reply.get_by_label(f"Words of reply {letter} to mark").fill(words)
        reply.get_by_role("button", name="Mark these words").click()
    expect(reply.locator(".passage")).to_have_count(2)
    expect(reply.locator("mark").first).to_have_text("how tired")
    reply.locator("[data-mark-tool] summary").click()
    reply.get_by_label(f"Words of reply {letter} to mark").fill("a")
    reply.get_by_role("button", name="Mark these words").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose which ones you mean.")
    reply.get_by_role("radio").last.check()
    reply.get_by_role("button", name="Mark these words").click()
    reply.get_by_role("button", name="Remove").first.click()
    fill(page)
    send(page)
    where_or_done = page.get_by_role("heading", level=1)
    expect(where_or_done).to_contain_text("You have finished")
    assert sent_passages()[0] == "منذ** أسبوعين"
    assert len(sent_passages()) == 2


def test_an_older_browser_still_marks_whole_words(open_page: OpenPage, study: Judging) -> None:
    page = open_page(user=study.member.user)
    page.add_init_script("delete Intl.Segmenter")
    page.goto(study.path)
    where(page, 2)
    letter = letter_of(page, "how tired")
    select(page, letter, " how tired ").click()
    page.locator(f"[data-reply={letter}] [data-mark-tool] summary").click()
    page.locator(f"[data-reply={letter}] [data-mark-sentence]").select_option(index=1)
    page.locator(f"[data-reply={letter}] [data-mark-add]").click()
    expect(page.locator(".passage")).to_have_count(2)
