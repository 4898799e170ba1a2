"""Judging in a real browser: with scripts and without, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Assignment, Judgement, Rewrite
from codesign.studies.models import Member
from tests.browser.conftest import OpenPage, hear_out, session_cookie
from tests.browser.judging_study import ARABIC, HARD, Judging, add, judging
from tests.browser.judging_tools import BOTH, SEND, fill, rate_all, send, tool, where
from tests.browser.looking import check_page
from tests.support.running import eventually
from tests.support.together import somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
DONE = "You have finished all texts for now. Thank you."


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


@BOTH
def test_judge_to_the_end(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    for number in (1, 2, 3):
        where(page, number)
        fill(page)
        send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(DONE)
    expect(page.locator("main")).to_contain_text("£2.40")
    assert Judgement.objects.count() == 3


def test_how_it_looks(open_page: OpenPage, study: Judging) -> None:  # standards 5.1, 5.6
    page = open_page(study.path, user=study.member.user)
    check_page(page, name="judge")


def test_screenshots_of_judging_in_use(
    open_page: OpenPage, study: Judging
) -> None:  # standards 5.1, 5.2
    page = open_page(study.path, user=study.member.user)
    fill(page)
    tool(page, "A", "Rewrite").click()
    tool(page, "B", "Report").click()
    page.get_by_label("What is wrong with reply B?").select_option("diagnosing")
    check_page(page, name="judge-in-use")


@BOTH
def test_missing_answers_are_listed_at_the_top(
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    fill(page)
    comment = page.get_by_label("Anything else")
    comment.fill("Here to stay.")
    tool(page, "A", "Report").click()
    page.get_by_label("What is wrong with reply A?").select_option("other")
    send(page)
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(comment).to_have_value("Here to stay.")
    if scripts:
        check_page(page, name="judge-error")
    summary.get_by_role("link").click()
    page.get_by_role("radio", name="It could do harm", exact=True).check(force=True)
    send(page)
    where(page, 2)


def test_drafts_save_themselves(open_page: OpenPage, study: Judging) -> None:  # standards 5.3
    page = open_page(study.path, user=study.member.user)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("Anything else").fill("half a thought")
    expect(page.locator("#saved")).to_have_text("Saved")
    elsewhere = open_page(study.path, user=study.member.user)
    expect(elsewhere.get_by_label("Anything else")).to_have_value("half a thought")


def test_a_draft_is_saved_when_the_page_is_left(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)  # no timer saves it
    page.get_by_label("Anything else").fill("left in the middle")
    with page.expect_request(lambda request: request.method == "POST"):
        page.evaluate(
            """() => {
                Object.defineProperty(document, "visibilityState", {value: "hidden"});
                document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
    expect(page.locator("#saved")).to_have_text("Saved")


def test_a_draft_is_saved_when_the_browser_is_closed(
    open_page: OpenPage, study: Judging, live_server: LiveServer
) -> None:
    page = open_page(study.path, user=study.member.user)
    with transaction.atomic():
        Member.objects.select_for_update().get()
        page.get_by_label("Anything else").fill("sent, not answered")
        eventually(somebody_waits)
        page.context.close()
    hear_out(live_server)
    assert (Assignment.objects.get().draft or {})["comment"] == "sent, not answered"


@BOTH
def test_save_for_later_stop_and_come_back(
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    rate_all(page, 2)
    page.get_by_label("Anything else").fill("so far")
    if not scripts:
        page.get_by_role("button", name="Save for later").click()
        expect(page.get_by_label("Anything else")).to_have_value("so far")
    page.get_by_role("button", name="Stop for now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped for now")
    if scripts:
        check_page(page, name="judge-stopped")
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_label("Anything else")).to_have_value("so far")
    expect(page.locator("input[type=radio]:checked")).to_have_count(10)


@BOTH
def test_the_help_page_keeps_the_draft_and_offers_to_stop(
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:  # standards 4.7, 5.3
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    stop_here = page.get_by_role("button", name="Stop for now").bounding_box()
    page.get_by_label("Anything else").fill("half a thought")
    page.get_by_role("link" if scripts else "button", name="Help", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help")
    stop = page.get_by_role("button", name="Stop for now")
    assert stop.bounding_box() == stop_here
    if scripts:
        check_page(page, name="help-while-judging")
    page.get_by_role("link", name="Back to where you were").click()
    expect(page.get_by_label("Anything else")).to_have_value("half a thought")
    page.locator(".top-always .btn-care").click()
    stop.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped for now")


@BOTH
def test_skipping_takes_one_press(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    page.get_by_role("link", name="Skip", exact=True).click()
    page.get_by_role("button", name="Too close to home").click()
    where(page, 2)
    assert Assignment.objects.get(state="skipped").skip_paid


def test_a_double_click_sends_once(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    fill(page)
    page.get_by_role("button", name=SEND).dblclick()
    where(page, 2)
    assert Judgement.objects.count() == 1


def test_a_double_click_without_scripts_sends_once(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user, scripts=False)
    fill(page)
    page.get_by_role("button", name=SEND).dblclick()
    where(page, 2)
    assert Judgement.objects.count() == 1


def test_two_tabs(open_page: OpenPage, study: Judging) -> None:
    first = open_page(study.path, user=study.member.user)
    second = first.context.new_page()
    second.goto(study.path)
    fill(first)
    fill(second)
    second.get_by_role("radio", name="B better", exact=True).check(force=True)
    send(first)
    where(first, 2)
    send(second)
    expect(second.get_by_role("heading", level=1)).to_have_text("This text is sent")
    second.get_by_role("link", name="Continue").click()
    where(second, 2)
    assert Judgement.objects.count() == 1


@BOTH
def test_reload_and_back_do_not_send_again(
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    first = study.held()
    fill(page)
    send(page)
    where(page, 2)
    page.reload()
    where(page, 2)
    if scripts:
        page.go_back()
        page.wait_for_url(f"**/{first.id}/")
        expect(page.get_by_role("heading", level=1)).to_have_text("This text is sent")
        check_page(page, name="judge-sent")
        page.get_by_role("link", name="Continue").click()
        where(page, 2)
    assert Judgement.objects.count() == 1


@BOTH
def test_an_expired_session_keeps_the_draft(
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:  # standards 5.3
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    fill(page)
    Session.objects.all().delete()
    page.get_by_label("Anything else").fill("all of this")
    if scripts:
        expect(page.locator("#saved")).to_contain_text("You have been signed out.")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign in")
    here = page.url.partition("next=")[2]
    sign_in_keeping_what_was_kept(page, study)
    page.goto(here)
    expect(page.get_by_label("Anything else")).to_have_value("all of this")
    expect(page.locator("input[type=radio]:checked")).to_have_count(11)
    send(page)
    where(page, 2)


def sign_in_keeping_what_was_kept(page: Page, study: Judging) -> None:
    user = study.member.user
    user.set_password("a-lamp-and-a-quiet-river-41")
    user.save()
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill("a-lamp-and-a-quiet-river-41")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("in this sitting")


def test_by_keyboard_alone(open_page: OpenPage, study: Judging) -> None:  # standards 5.1: 2.1.1
    page = open_page(study.path, user=study.member.user)
    focused = """() => {
        const node = document.activeElement;
        return node.tagName === "BUTTON" ? node.textContent : node.name || node.textContent.trim();
    }"""
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(focused)
        seen.append(name)
        if name.startswith("rating-"):
            for _ in range(3):
                page.keyboard.press("ArrowRight")
        elif name == "comparison":
            page.keyboard.press("ArrowRight")
        elif name.startswith("Rewrite") and "rewrite-A" not in seen:
            page.keyboard.press("Enter")
        elif name == "rewrite-A":
            page.keyboard.press("Control+a")
            page.keyboard.type("Typed.")
        elif SEND in name:
            break
    page.keyboard.press("Enter")
    where(page, 2)
    assert seen.index("rewrite-A") < seen.index("rating-A-heard") < seen.index("rating-B-heard")
    assert seen.index("comparison") < seen.index("comment")
    assert Rewrite.objects.filter(text="Typed.").exists()
    assert Judgement.objects.get().strength == 2


def test_the_enter_key_does_not_submit(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    fill(page)
    page.get_by_role("radio", name="Equal").press("Enter")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert not Judgement.objects.exists()


def test_three_replies_and_another_script(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(ARABIC)
    page = open_page(study.path, user=study.member.user)
    said = page.locator(".conversation .said")
    assert said.evaluate("node => getComputedStyle(node).direction") == "rtl"  # standards 5.4
    assert said.get_attribute("lang") == "ar"
    check_page(page, name="judge-arabic")
    fill(page)
    add(study.round, HARD, "One.", "Two.", "Three.")
    send(page)
    page.get_by_role("group", name="Place of reply C").wait_for()
    check_page(page, name="judge-three")


def test_active_time_is_counted(open_page: OpenPage, study: Judging) -> None:
    page = open_page(user=study.member.user)
    page.clock.install()
    page.goto(study.path)
    fill(page)
    page.clock.run_for(20_000)
    expect(page.locator("#saved")).to_have_text("Saved")  # no request runs on in a clock that leaps
    page.mouse.move(5, 5)
    page.clock.run_for(300_000)  # nobody there: counts for a minute
    seconds = page.locator("[name=active_seconds]").input_value()
    assert 78 <= int(seconds) <= 82


def test_the_other_pages_between(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    page.context.add_cookies([session_cookie(study.member.user, page.url)])
    for _ in range(3):
        page.get_by_role("button", name="Another reason").click()
        page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_have_text(DONE)
    check_page(page, name="judge-done")
