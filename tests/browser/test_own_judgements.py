"""Own judgements in a real browser: read, take back, correct."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotations.models import Judgement
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import Judging, judge_next, judging
from tests.browser.judging_tools import BOTH, fill, rate_all, send, where
from tests.browser.looking import check_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


@BOTH
def test_take_back_what_was_just_sent(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    fill(page)
    page.get_by_label("Anything else").fill("A slip.")
    send(page)
    where(page, 2)
    page.get_by_role("link", name="Take back what you sent").click()
    comment = page.get_by_label("Anything else")
    expect(comment).to_have_value("A slip.")
    if scripts:
        check_page(page, name="correct")
    comment.fill("As meant.")
    if scripts:
        expect(page.locator("#saved")).to_have_text("Saved, not sent yet.", timeout=10_000)
    else:
        page.get_by_role("button", name="Save and send later").click()
    page.reload()
    expect(page.locator("main")).to_contain_text("did not send them")
    expect(comment).to_have_value("As meant.")
    rate_all(page, 2)
    page.get_by_role("button", name="Send the corrected answers").click()
    expect(page.get_by_text("Corrected. Your new answers count")).to_be_visible()
    expect(page.locator("main")).to_contain_text("As meant.")
    assert Judgement.objects.latest_revisions().get().comment == "As meant."
    page.get_by_role("link", name="All that you judged").click()
    expect(page.locator("main")).to_contain_text("corrected")


def test_how_the_pages_look(open_page: OpenPage, study: Judging) -> None:  # standards 5.1, 5.6
    judge_next(
        study.member,
        rewrites=[{"response": "A", "text": "My **own** words.\n\n- one\n- two"}],
        flags=[{"response": "B", "harm": "diagnosing", "severity": 2, "note": "It labels."}],
    )
    page = open_page(f"/studies/{study.slug}/mine/", user=study.member.user)
    check_page(page, name="mine")
    page.locator("main h2 a").first.click()
    check_page(page, name="mine-one")


def test_missing_answers_are_listed_at_the_top(open_page: OpenPage, study: Judging) -> None:
    assignment = judge_next(study.member)
    path = f"/studies/{study.slug}/mine/{assignment.id}/correct/"
    page = open_page(path, user=study.member.user)
    page.get_by_label("Anything else").fill("Here to stay.")
    page.evaluate("document.querySelectorAll('[name=comparison]').forEach(n => n.checked = false)")
    page.get_by_role("button", name="Send the corrected answers").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Anything else")).to_have_value("Here to stay.")
    check_page(page, name="correct-error")
