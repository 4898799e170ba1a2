"""Rewriting in a real browser: start from empty, undo, and what differs, word by word."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Rewrite
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import ARABIC, PLAIN, Judging, add, judge_next, judging
from tests.browser.judging_tools import fill, letter_of, send, tool
from tests.browser.looking import check_page, watches

pytestmark = pytest.mark.django_db(transaction=True)
REPLY = "I hear how tired you are 👩🏽‍🚒.\n\nPlease call **them** today."
IN_ARABIC = "لا أستطيع النوم منذ أسبوعين"
PIECES = """box => [...box.querySelectorAll("ins, del")].map(node =>
    `${node.tagName} ${node.textContent}`)"""


def with_replies(prompt: dict[str, Any], *texts: str) -> Judging:
    """A study in which the next text is this one."""
    made = judging(PLAIN)
    judge_next(made.member)
    add(made.round, prompt, *texts)
    return made


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return with_replies(PLAIN, REPLY, "Short and kind.")


def opened(page: Page, words: str) -> str:
    """Open the rewrite of the reply with these words; return its letter."""
    letter = letter_of(page, words)
    tool(page, letter, "Rewrite").click()
    return letter


def test_what_differs_is_shown_and_counted(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    letter = opened(page, "how tired")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    changes = reply.get_by_role("group", name="What you changed")
    expect(changes).to_be_hidden()
    reply.get_by_label("Your version").fill(
        REPLY.replace("how tired", "that")
        .replace("👩🏽‍🚒", "👩🏽‍🚒 now")
        .replace("Please call", "Call")
    )
    expect(changes).to_be_visible()
    assert changes.evaluate(PIECES) == [
        "DEL [−[removed: how tired]",
        "INS [+[added: that]",
        "INS [+[added: now]",
        "DEL [−[removed: Please call]",
        "INS [+[added: Call]",
    ]
    status = reply.locator(".rewriting [role=status]")
    expect(status).to_have_text("Words added: 3. Words removed: 4.")
    expect(changes).not_to_have_attribute("aria-live", "polite")
    page.evaluate("scrollTo(0, 0)")
    check_page(page, name="judge-rewriting")
    reply.get_by_label("Your version").fill("word " * 1500)
    expect(changes).to_have_text("Too much is different to show it word by word.")
    assert not watches[page].problems


def test_empty_and_undo_by_keyboard(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    letter = opened(page, "how tired")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    field = reply.get_by_label("Your version")
    undo = reply.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    field.press("Tab")
    page.keyboard.press("Enter")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    page.keyboard.type("Mine.")
    undo.press("Enter")
    expect(field).to_have_value("")
    undo.press("Enter")
    expect(field).to_have_value(REPLY)
    expect(field).to_be_focused()
    expect(undo).to_be_disabled()
    reply.get_by_role("button", name="Start from empty").press("Enter")
    field.fill("My own words.")
    expect(page.locator("#saved")).to_have_text("Saved")
    page.reload()
    expect(field).to_have_value("My own words.")
    undo.click()
    expect(field).to_have_value(REPLY)
    field.fill("My own words.")
    fill(page)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have finished all texts")
    assert Rewrite.objects.get().text == "My own words."
    page.get_by_role("link", name="Take back what you sent").click()
    expect(reply.get_by_role("group", name="What you changed")).to_contain_text("My own words")
    undo.click()
    expect(field).to_have_value(REPLY)
    page.evaluate("scrollTo(0, 0)")
    check_page(page, name="correct-rewriting")


def test_from_right_to_left(open_page: OpenPage, transactional_db: None) -> None:
    study = with_replies(ARABIC, IN_ARABIC, "نعم")
    page = open_page(study.path, user=study.member.user)
    letter = opened(page, IN_ARABIC)
    reply = page.get_by_role("article", name=f"Reply {letter}")
    reply.get_by_label("Your version").fill(IN_ARABIC.replace("النوم", "الأكل"))
    changes = reply.get_by_role("group", name="What you changed")
    expect(changes.locator("ins")).to_have_text("[+[added: الأكل]")
    expect(changes.locator("del")).to_have_text("[−[removed: النوم]")
    assert changes.evaluate("node => getComputedStyle(node).direction") == "rtl"
    reply.get_by_role("button", name="Start from empty").click()
    expect(changes.locator("ins")).to_have_count(0)
    assert changes.evaluate("node => getComputedStyle(node).direction") == "rtl"


def test_nothing_is_added_without_scripts(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user, scripts=False)
    letter = opened(page, "how tired")
    reply = page.get_by_role("article", name=f"Reply {letter}")
    expect(reply.get_by_label("Your version")).to_have_value(REPLY)
    expect(reply.get_by_role("button", name="Start from empty")).to_be_hidden()
    expect(reply.get_by_role("button", name="Undo")).to_be_hidden()
