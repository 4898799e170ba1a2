"""Support while judging: Help, the content note, and support after an answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotations.models import OwnText
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import ARABIC, HARD, Judging, judge_next, judging
from tests.browser.judging_tools import BOTH, fill, send, tool, where
from tests.browser.looking import check_page
from tests.browser.reach import IN_VIEW, scrolled
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "Honestly, I want to die."
TITLE = "Thank you for writing this down"
PHONES = pytest.mark.parametrize("width", [320, 360, 390])
BAR_HEIGHT = "document.querySelector('.bar').getBoundingClientRect().height"
COVERED = """() => {
    const bar = document.querySelector(".bar").getBoundingClientRect();
    const last = document.querySelector(".skip").getBoundingClientRect();
    return last.bottom > bar.top;
}"""


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


@PHONES
@BOTH
def test_help_and_stop_stay_in_reach_on_a_phone(  # WCAG 3.2.6, standards 4.7
    open_page: OpenPage, study: Judging, width: int, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    page.set_viewport_size({"width": width, "height": 640})
    bar = page.locator(".bar")
    for place in scrolled(page) if scripts else ():
        page.evaluate("place => scrollTo(0, place)", place)
        for name in ("Help", "Stop", "Skip", "Send"):
            assert bar.get_by_text(name, exact=True).evaluate(IN_VIEW), (name, place)
    if scripts:
        assert not page.evaluate(COVERED)  # at the end nothing lies below the bar
        assert page.evaluate(BAR_HEIGHT) < 640 / 3
    page.get_by_label("Anything else").fill("half a thought")
    if scripts:
        expect(page.locator("#saved")).to_have_text("Saved")
    bar.get_by_text("Help", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help")
    page.get_by_role("link", name="Back to where you were").click()
    expect(page.get_by_label("Anything else")).to_have_value("half a thought")
    bar.get_by_role("button", name="Stop for now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped for now")


@pytest.mark.parametrize("width", [768, 1280])
def test_help_stays_in_reach_on_a_wide_screen(
    open_page: OpenPage, study: Judging, width: int
) -> None:
    page = open_page(study.path, user=study.member.user)
    page.set_viewport_size({"width": width, "height": 720})
    for place in scrolled(page):
        page.evaluate("place => scrollTo(0, place)", place)
        assert page.locator(".top-always > .btn-care").evaluate(IN_VIEW)
        expect(page.locator(".bar .btn-care")).to_be_hidden()


def test_the_content_note_is_before_the_text(  # standards 4.2
    open_page: OpenPage, transactional_db: None
) -> None:
    study = judging(HARD)
    page = open_page(study.path, user=study.member.user)
    heard = page.locator("main").aria_snapshot()
    assert heard.index("Topics:") < heard.index("I called in sick")
    seen = [page.locator(part).bounding_box() for part in (".judge .content-note", ".conversation")]
    note, text = (box for box in seen if box)
    assert note["y"] + note["height"] <= text["y"]


@BOTH
def test_help_comes_with_the_answer_and_has_the_focus(  # standards 4.9, 5.1
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    fill(page)
    page.get_by_label("Anything else").fill(SAID)
    send(page)
    where(page, 2)
    help_ = page.get_by_role("region", name=TITLE)
    expect(help_).to_be_focused()
    expect(help_.get_by_role("link", name="116 123").first).to_be_visible()
    if scripts:
        assert help_.evaluate("node => node.getBoundingClientRect().top >= 0")
        check_page(page, name="support")
    fill(page)
    send(page)
    where(page, 3)
    expect(help_).to_have_count(0)
    assert OwnText.objects.count() == 1


@BOTH
def test_the_way_on_keeps_what_is_typed(  # standards 4.9, WCAG 2.1.1
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    page.get_by_label("Anything else").fill(SAID)
    send(page)  # the ratings are missing, so nothing is sent
    help_ = page.get_by_role("region", name=TITLE)
    expect(help_).to_be_focused()
    on = help_.get_by_role("link", name="Continue")
    for _ in range(20):
        page.keyboard.press("Tab")
        if on.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".judge-errors")).to_be_in_viewport()
    page.keyboard.press("Tab")  # reading continues after the help
    assert page.locator(".judge-errors").evaluate("node => node.contains(document.activeElement)")
    expect(page.get_by_label("Anything else")).to_have_value(SAID)
    help_.get_by_role("button", name="Stop for today").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped for now")
    page.get_by_role("link", name="Continue", exact=True).last.click()
    expect(page.get_by_label("Anything else")).to_have_value(SAID)


def test_answering_what_words_are_about_keeps_the_next_text(
    open_page: OpenPage, study: Judging
) -> None:
    page = open_page(study.path, user=study.member.user)
    fill(page)
    page.get_by_label("Anything else").fill(SAID)
    send(page)
    where(page, 2)
    page.get_by_label("Anything else").fill("half a thought")
    page.get_by_role("button", name="It is about me.").click()
    page.get_by_role("link", name="Continue", exact=True).click()
    where(page, 2)
    expect(page.get_by_label("Anything else")).to_have_value("half a thought")


def test_help_comes_when_all_is_done(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(ARABIC)
    page = open_page(study.path, user=study.member.user)
    fill(page)
    tool(page, "A", "Rewrite").click()
    page.locator("#rewrite-A").fill("أريد أن أموت")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "You have finished all texts for now. Thank you."
    )
    expect(page.get_by_role("region", name=TITLE)).to_be_focused()
    check_page(page, name="support-done")
    page.get_by_role("link", name="Your texts", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your texts")
    check_page(page, name="own-texts")
    page.get_by_role("button", name="Allow its use").click()
    expect(page.locator("#messages")).to_contain_text("This text may be used now.")
    page.get_by_role("button", name="Keep it private").click()
    expect(page.locator("main")).to_contain_text("you keep it private")


@BOTH
def test_a_reviewer_is_shown_help_too(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    judge_next(study.member, rewrites=[{"response": "A", "text": "Kinder."}])
    page = open_page(
        f"/studies/{study.slug}/review/", user=staff(study.member.study).user, scripts=scripts
    )
    page.get_by_label("Note (optional)").fill(SAID)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("region", name=TITLE)).to_be_focused()
    if scripts:
        check_page(page, name="support-review")


def test_the_home_page_leads_to_these_texts(open_page: OpenPage, study: Judging) -> None:
    judge_next(study.member, rewrites=[{"response": "A", "text": SAID}])
    page = open_page(f"/studies/{study.slug}/", user=study.member.user)
    check_page(page, name="home-own-texts")
    page.get_by_role("link", name="Read it, or allow its use").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your texts")
