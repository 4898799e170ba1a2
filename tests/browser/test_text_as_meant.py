"""Texts of models and people: shown as they are meant, never run, never fetched."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.judging_study import PLAIN, Judging, add, judge_next, judging
from tests.browser.judging_tools import BOTH
from tests.browser.looking import check_page
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = "https://elsewhere.example.org"
HOSTILE = (
    "<think>The person seems tired. I am model X.</think>\n\n"
    "# Big heading\n\nSome **strong** words, `code`, and a list:\n\n- one\n- two\n\n"
    f"![a picture]({ELSEWHERE}/x.png) [a link]({ELSEWHERE}/y) [run](javascript:alert(1))\n\n"
    f'<script>alert("run")</script><img src="{ELSEWHERE}/z.png" onerror="alert(2)">'
    "<|im_end|>"
)
PROMPT = {
    "messages": [
        {"role": "user", "content": f"**Why?** <b>me</b> ![p]({ELSEWHERE}/p.png)"},
        {"role": "assistant", "content": "<think>Hidden plan.</think>Earlier *reply*."},
        {"role": "user", "content": "Tell me more.<|im_end|>"},
    ],
    "topics": ["sleep"],
}


@pytest.fixture
def study(transactional_db: None) -> Judging:
    """A study whose next text has all that must not run."""
    made = judging(PLAIN)
    judge_next(made.member)
    add(made.round, PROMPT, HOSTILE, "**Short** and kind.")
    return made


def asked(page: Page) -> list[str]:
    """Collect every address that the page asks for."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.on("dialog", lambda dialog: addresses.append(f"dialog: {dialog.message}"))
    return addresses


def shows_as_meant(page: Page) -> None:
    main = page.locator("main")
    expect(main.locator(".reply strong, .card strong").first).to_be_visible()
    for words in ("The person seems tired", "Hidden plan", "im_end"):
        expect(main).not_to_contain_text(words)
    expect(main).to_contain_text('<script>alert("run")</script>')
    expect(main).to_contain_text(f"Picture: a picture ({ELSEWHERE}/x.png)")
    expect(main).to_contain_text("run (javascript:alert(1))")
    assert page.locator(f"main img, main script, main a[href^='{ELSEWHERE}']").count() == 0
    assert page.locator("h1").count() == 1


def asked_elsewhere(addresses: list[str]) -> list[str]:
    return [one for one in addresses if ELSEWHERE in one or one.startswith("dialog")]


@BOTH
def test_the_judging_page(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    page = open_page(user=study.member.user, scripts=scripts)
    addresses = asked(page)
    page.goto(study.path)
    shows_as_meant(page)
    page.locator(".reply .said-source summary").first.click()
    expect(page.locator(".reply", has_text="**strong**")).to_have_count(1)
    if scripts:
        check_page(page, name="judge-markdown")
    assert asked_elsewhere(addresses) == []


def test_what_one_judged(open_page: OpenPage, study: Judging) -> None:
    assignment = judge_next(study.member)
    page = open_page(user=study.member.user)
    addresses = asked(page)
    for path in ("", "correct/"):
        page.goto(f"/studies/{study.slug}/mine/{assignment.id}/{path}")
        shows_as_meant(page)
        check_page(page, name=f"mine-markdown-{path or 'one'}".strip("/"))
    assert asked_elsewhere(addresses) == []


def test_the_review_says_what_the_hidden_parts_are(open_page: OpenPage, study: Judging) -> None:
    judge_next(
        study.member,
        flags=[
            {"response": letter, "harm": "other", "severity": 3, "note": "Look."}
            for letter in ("A", "B")
        ],
    )
    page = open_page(user=staff(study.member.study).user)
    addresses = asked(page)
    page.goto(f"/studies/{study.slug}/review/list/?kind=flags")
    check_page(page, name="review-list")
    for number in (0, 1):
        page.goto(f"/studies/{study.slug}/review/list/?kind=flags")
        page.locator(".decided h2 a").nth(number).click()
        main = page.locator("main")
        expect(main).to_contain_text("Hidden plan.")
        expect(main).to_contain_text("Thoughts of the model. People who judge do not see this.")
        check_page(page, name=f"review-whole-{number}")
    assert asked_elsewhere(addresses) == []
