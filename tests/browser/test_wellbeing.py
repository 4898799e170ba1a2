"""How people are and how they work, and the way into a study, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Assignment
from codesign.care.models import Adjustments, Case
from codesign.care.services import check_ins
from codesign.enrolment.models import PlaceRequest
from codesign.shared.actors import SYSTEM
from codesign.studies.services import set_public
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import HARD, Judging, judge_next, judging
from tests.browser.judging_tools import BOTH, fill, send, where
from tests.browser.looking import check_page
from tests.factories.accounts import UserFactory
from tests.factories.cases import lead_of
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


@BOTH
def test_from_a_mood_before_to_a_paid_stop_after(  # standards 4.6, 4.11
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    lead = lead_of(study.member.study)
    page = open_page(f"/studies/{study.slug}/", user=study.member.user, scripts=scripts)
    if scripts:
        check_page(page, name="home-mood")
    page.get_by_role("button", name="Good", exact=True).click()
    expect(page.get_by_role("heading", name="How are you today?")).to_have_count(0)
    page.goto(study.path)
    fill(page)
    send(page)
    where(page, 2)
    page.get_by_role("button", name="Stop for now").first.click()
    expect(page.get_by_role("heading", name="How are you now?")).to_be_visible()
    if scripts:
        check_page(page, name="after-session")
    page.get_by_text("Hear from us in a few days").click()
    page.get_by_label("Yes, tomorrow").check(force=True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("We write to you on")).to_be_visible()
    page.get_by_role("button", name="Bad", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you for saying how you feel")).to_be_visible()
    if scripts:
        check_page(page, name="after-session-worse")
    page.get_by_role("button", name="Tell the safety lead").click()
    expect(page.get_by_role("heading", name="Contact")).to_be_visible()
    assert Case.objects.get().reason == "mood"
    assert Assignment.objects.get(state="skipped").skip_paid
    _cared_for(open_page(f"/studies/{study.slug}/care/", user=lead.user, scripts=scripts), scripts)


def _cared_for(page: Page, scripts: bool) -> None:
    expect(page.get_by_text("before: Good, after: Bad")).to_be_visible()
    if scripts:
        check_page(page, name="care-drops")


@BOTH
def test_how_you_work_and_a_check_in(open_page: OpenPage, study: Judging, scripts: bool) -> None:
    user = study.member.user
    page = open_page(f"/studies/{study.slug}/how-you-work/", user=user, scripts=scripts)
    page.get_by_label("Much larger").check()
    page.get_by_label("Much more").check()
    page.get_by_label("Comparing replies").check()
    page.get_by_label("Twice as long").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Adjustments.objects.get().left_out == ["ranking"]
    if scripts:
        check_page(page, name="how-you-work")
        check_page(open_page(study.path, user=user), name="judge-largest")
    check_in = check_ins.ask_for(member=study.member, days=1)
    page.goto(f"/check-in/{check_in.id}/")
    if scripts:
        check_page(page, name="check-in")
    page.get_by_role("button", name="I am fine").click()
    expect(page.get_by_text("That is good to hear.")).to_be_visible()


@BOTH
def test_from_the_public_page_to_the_coordinator(
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    coordinator = staff(study.member.study)
    page = open_page(f"/studies/{study.slug}/set-up/about/", user=coordinator.user, scripts=scripts)
    page.get_by_label("Show this study to everybody, while it is open").check()
    page.get_by_role("button", name="Save my choice").click()
    public = page.get_by_role("link", name="See the public page").get_attribute("href")
    stranger = open_page("/take-part/", scripts=scripts)
    if scripts:
        check_page(page, name="about-public")
        check_page(stranger, name="public-studies")
    stranger.get_by_role("link", name="Read more").click()
    assert stranger.url.endswith(str(public))
    if scripts:
        check_page(stranger, name="public-study")
    stranger.get_by_label("Your e-mail address").fill("somebody@example.org")
    stranger.get_by_role("button", name="Ask to take part").click()
    expect(stranger.get_by_text("Thank you. If there is a place")).to_be_visible()
    page.goto(f"/studies/{study.slug}/people/")
    if scripts:
        check_page(page, name="people-requests")
    page.get_by_role("link", name=re.compile("Invite.*somebody")).click()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("somebody@example.org is invited")).to_be_visible()
    assert not PlaceRequest.objects.exists()


def test_other_pages_look_as_they_should(open_page: OpenPage, transactional_db: None) -> None:
    study = judging(HARD | {"intensity": 3})
    set_public(actor=SYSTEM, study=study.member.study, is_public=True)
    judge_next(study.member, rewrites=[{"response": "A", "text": "Kinder."}])
    check_page(open_page("/", user=UserFactory.create()), name="no-study")
    page = open_page(f"/studies/{study.slug}/review/", user=staff(study.member.study).user)
    expect(page.get_by_role("heading", name="Before you read")).to_be_visible()
    check_page(page, name="review-cover")
    page.get_by_role("link", name="Show the text").click()
    expect(page.get_by_text("Kinder.")).to_be_visible()
