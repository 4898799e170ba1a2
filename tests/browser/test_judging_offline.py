"""Judging with a bad connection: no written text is lost (standards 5.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from annotations.models import Assignment, Judgement
from annotations.rules.states import Ask
from annotations.services.prompts import withdraw_prompt
from codesign.shared.actors import SYSTEM
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, Judging, judging
from tests.browser.judging_tools import fill, letter_of, select, send, where

pytestmark = pytest.mark.django_db(transaction=True)
LEAVING = ["Send and continue", "Stop for now", "Too close to home"]


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


def write(page: Page, words: str) -> None:
    page.get_by_label("Anything else").fill(words)


@pytest.mark.parametrize("button", LEAVING)
def test_offline_work_is_not_sent_and_not_lost(
    open_page: OpenPage, study: Judging, button: str
) -> None:
    page = open_page(study.path, user=study.member.user)
    first = study.held()
    page.context.set_offline(True)
    write(page, "all of this")
    press = page.get_by_role("button", name=button)
    press.click()
    expect(page.locator("#saved")).to_contain_text("Not sent: no connection.")
    expect(page.get_by_label("Anything else")).to_have_value("all of this")
    expect(press).not_to_have_attribute("aria-disabled", "true")
    page.context.set_offline(False)
    press.click()
    after = {LEAVING[0]: "Almost there.", LEAVING[1]: "Stopped for now", LEAVING[2]: "2 in this"}
    expect(page.locator("main")).to_contain_text(after[button])
    first.refresh_from_db()
    assert (first.draft or {})["comment"] == "all of this"
    assert not Judgement.objects.exists()  # half filled in: Send asked for the rest


@pytest.mark.parametrize(
    ("status", "said"),
    [(500, "We will try again"), (503, "We will try again"), (403, "We will try again")],
)
def test_errors_are_shown_with_their_cause(
    open_page: OpenPage, study: Judging, status: int, said: str
) -> None:
    page = open_page(study.path, user=study.member.user)
    page.clock.install()

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=status)
        else:
            route.continue_()

    page.route("**/judge/**", refuse)
    write(page, "half a thought")
    page.clock.run_for(4_000)
    expect(page.locator("#saved")).to_contain_text(said)
    expect(page.locator("#saved")).not_to_contain_text("no connection")
    page.unroute("**/judge/**")
    page.clock.run_for(10_000)
    expect(page.locator("#saved")).to_have_text("Saved")


def test_nothing_is_sent_while_the_server_is_down(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    page.route("**/judge/**", lambda route: route.fulfill(status=503))
    write(page, "all of this")
    page.get_by_role("button", name=LEAVING[0]).click()
    expect(page.locator("#saved")).to_contain_text("Not sent: we have a problem")
    expect(page.get_by_label("Anything else")).to_have_value("all of this")


def test_a_server_that_restarts_while_one_types(
    open_page: OpenPage, transactional_db: None
) -> None:
    study = judging(HARD, asks=tuple(Ask))
    page = open_page(study.path, user=study.member.user)
    page.clock.install()
    page.route("**/*", lambda route: route.abort("connectionrefused"))
    letter = letter_of(page, "lemon water")
    select(page, letter, "lemon water").click()
    write(page, "half a thought")
    page.clock.run_for(4_000)
    expect(page.locator("#saved")).to_contain_text("Not saved yet: no connection.")
    page.unroute("**/*")
    page.clock.run_for(10_000)
    expect(page.locator("#saved")).to_have_text("Saved")
    draft = study.held().draft or {}
    assert draft["comment"] == "half a thought"
    assert len(draft["highlights"]) == 1


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_five_hours_off(open_page: OpenPage, study: Judging, hours: int) -> None:
    page = open_page(user=study.member.user)
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    page.goto(study.path)
    write(page, "in my own time")
    expect(page.locator("#saved")).to_have_text("Saved")
    fill(page)
    send(page)
    where(page, 2)
    judgement = Judgement.objects.get()
    assert judgement.comment == "in my own time"
    assert judgement.active_ms < 120_000
    assert abs(judgement.submitted_at - timezone.now()) < timedelta(minutes=2)


@pytest.mark.parametrize("hidden", [False, True])
def test_long_drafts_are_saved(open_page: OpenPage, study: Judging, hidden: bool) -> None:
    page = open_page(study.path, user=study.member.user)
    long = "كلمة " * 4_000
    for letter in "AB":
        reply = page.get_by_role("article", name=f"Reply {letter}")
        reply.locator("summary", has_text="Rewrite").click()
        page.locator(f"[name=rewrite-{letter}]").fill(long)
    if hidden:
        page.evaluate(
            """() => {
                Object.defineProperty(document, "visibilityState", {value: "hidden"});
                document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
    expect(page.locator("#saved")).to_have_text("Saved")
    draft = Assignment.objects.get(state="leased").draft
    assert [one["text"] for one in (draft or {})["rewrites"]] == [long.strip()] * 2


def test_a_withdrawn_assignment_stays_visible_to_its_author(
    open_page: OpenPage, study: Judging
) -> None:
    page = open_page(study.path, user=study.member.user)
    page.clock.install()
    withdraw_prompt(actor=SYSTEM, prompt=study.held().prompt)
    write(page, "half an hour of thought")
    page.clock.run_for(4_000)
    expect(page.locator("#saved")).to_contain_text("This text is no longer open")
    expect(page.get_by_label("Anything else")).to_have_value("half an hour of thought")
    page.get_by_role("button", name="Stop for now").click()
    page.get_by_role("heading", name="This text is no longer open").wait_for()
    expect(page.locator("main")).to_contain_text("half an hour of thought")
