"""The judging page on small screens: everything in reach, nothing moves (standards 5.6)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from annotations.rules.states import Ask
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, PLAIN, Judging, add, judge_next, judging
from tests.browser.judging_tools import CRITERIA, fill, send, where
from tests.browser.looking import check_page, watches
from tests.browser.reach import IN_VIEW, scrolled

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = {"width": 320, "height": 640}
MOST_SHIFT = 0.02
"""Of the cumulative layout shift; 0.1 is called good."""
SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => list.getEntries().forEach(one => { sum += one.value; }))
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 700);
})"""
ONE_ROW = """nodes => {
    const shown = nodes.filter(node => node.checkVisibility());
    const tops = shown.map(node => node.getBoundingClientRect().top);
    return Math.max(...tops) - Math.min(...tops) < 12;
}"""


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging(HARD, PLAIN, asks=tuple(Ask))


@pytest.fixture
def phone(open_page: OpenPage, study: Judging) -> Page:
    return open_page(study.path, user=study.member.user, viewport=SMALL)


def test_the_bar_and_the_header_at_320_pixels(phone: Page) -> None:
    for selector in (".bar :is(.btn)", ".top :is(.top-who > a, .btn)"):
        assert phone.eval_on_selector_all(selector, ONE_ROW), selector
    for place in scrolled(phone):
        phone.evaluate("place => scrollTo(0, place)", place)
        bar = phone.locator(".bar")
        for name in ("Help", "Skip"):
            assert bar.get_by_role("link", name=name).evaluate(IN_VIEW), (name, place)
        for name in ("Stop for now", "Send and continue"):
            assert bar.get_by_role("button", name=name).evaluate(IN_VIEW), (name, place)
    height = phone.locator(".bar").evaluate("node => node.getBoundingClientRect().height")
    assert height < 120


def test_a_reply_is_read_beside_the_questions(phone: Page) -> None:
    near = phone.get_by_role("navigation", name="Read a reply again")
    scale = phone.get_by_role("group", name="Usable, reply B").get_by_role("radio").first
    scale.scroll_into_view_if_needed()
    button = near.get_by_role("button", name="Reply A")
    assert button.evaluate(IN_VIEW)
    words = phone.locator("[data-reply=A] .said").first.inner_text()[:20]
    button.click()
    expect(near.locator(".said")).to_contain_text(words)
    phone.get_by_role("group", name="Usable, reply A").get_by_role("radio").nth(2).check(force=True)
    expect(near.locator(".said")).to_be_visible()
    near.get_by_role("button", name="Reply B").click()
    expect(near.locator(".said")).not_to_contain_text(words)
    near.get_by_role("button", name="Reply B").press("Escape")
    expect(near.locator(".said")).to_be_hidden()
    button.click()
    check_page(phone, name="judge-near")


def test_the_number_of_answers_is_said_once_it_rests(phone: Page) -> None:
    shown, said = phone.locator("#answered"), phone.locator("#answered-said")
    expect(shown).to_have_text("0 of 11 answered")
    said.evaluate(
        """node => {
            window.heard = [];
            new MutationObserver(() => window.heard.push(node.textContent))
                .observe(node, {childList: true, characterData: true, subtree: true});
        }"""
    )
    for number, title in enumerate(CRITERIA[:3], start=1):
        scale = phone.get_by_role("group", name=f"{title}, reply A")
        scale.get_by_role("radio").nth(3).check(force=True)
        expect(shown).to_have_text(f"{number} of 11 answered")
    expect(said).to_have_text("3 of 11 answered")
    assert phone.evaluate("heard") == ["3 of 11 answered"]
    expect(phone.locator("#saved")).to_have_text("Saved")
    phone.reload()
    expect(shown).to_have_text("3 of 11 answered")


def test_nothing_moves_when_the_next_text_comes(phone: Page) -> None:
    fill(phone)
    send(phone)
    where(phone, 2)
    assert phone.evaluate(SHIFT) <= MOST_SHIFT
    assert not watches[phone].problems


def test_six_replies_are_ranked_on_a_phone(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(PLAIN)
    judge_next(study.member)
    add(study.round, PLAIN, *(f"Reply number {number}." for number in range(6)))
    phone = open_page(study.path, user=study.member.user, viewport=SMALL)
    for letter, place in zip("ABCDEF", (1, 2, 2, 4, 5, 6), strict=True):
        group = phone.get_by_role("group", name=f"Place of reply {letter}")
        group.get_by_role("radio", name=str(place), exact=True).check(force=True)
    expect(phone.locator("#answered")).to_have_text("6 of 36 answered")
    phone.get_by_label("They cannot be put in order").check()
    expect(phone.locator(".likert-places input:checked")).to_have_count(0)
    phone.get_by_label("All of them could do harm").check()
    expect(phone.get_by_label("They cannot be put in order")).not_to_be_checked()
    expect(phone.locator("#answered")).to_have_text("6 of 36 answered")
    check_page(phone, name="judge-six")
