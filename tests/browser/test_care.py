"""Two whole stories: words that may tell of a crisis, and a day that is too much."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from annotations.models import OwnText
from codesign.care.models import Case
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import Judging, judging
from tests.browser.judging_tools import BOTH, fill, send
from tests.browser.looking import check_page
from tests.factories.cases import lead_of

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "I want to die some days too."


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging()


def address(study: Judging, path: str) -> str:
    return f"/studies/{study.member.study.slug}/{path}"


@BOTH
def test_from_words_through_the_case_to_their_author_freeing_them(  # standards 4.9
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    lead = lead_of(study.member.study)
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    fill(page)
    page.get_by_label("Anything else").fill(SAID)
    send(page)
    expect(page.get_by_role("heading", name="What are these words about?")).to_be_visible()
    if scripts:
        check_page(page, name="judge-about-words")
    page.get_by_role("button", name="It is about me.").click()
    expect(page.get_by_role("heading", name="Contact")).to_be_visible()
    if scripts:
        check_page(page, name="care-own-case")
    page.get_by_label("By e-mail, to the address of my account.").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_text("Your choice is saved.")).to_be_visible()

    _look_after(open_page(address(study, "care/"), user=lead.user, scripts=scripts), study, scripts)

    page.goto(address(study, "own-texts/"))
    page.get_by_role("button", name="Allow").first.click()
    expect(page.get_by_text("This text may be used now.")).to_be_visible()
    assert OwnText.objects.get().state == "free"


def _look_after(page: Page, study: Judging, scripts: bool) -> None:
    if scripts:
        check_page(page, name="care-cases")
    page.get_by_role("link", name=study.member.pseudonym).click()
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.get_by_text(study.member.user.email)).to_be_visible()
    if scripts:
        check_page(page, name="care-case")
    page.get_by_role("textbox", name="Note").fill("Wrote to them.")
    page.get_by_role("button", name="Save the note").click()
    page.get_by_label("We talked, and they have what they need").check()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("The case is closed.")).to_be_visible()


@BOTH
def test_from_too_much_to_contact_on_a_phone(  # standards 4.8
    open_page: OpenPage, study: Judging, scripts: bool
) -> None:
    lead = lead_of(study.member.study)
    page = open_page(study.path, user=study.member.user, scripts=scripts)
    page.set_viewport_size({"width": 320, "height": 640})
    page.get_by_role("button", name="Stop and get support").click()
    expect(page.get_by_text("You stopped, and that is fine.")).to_be_visible()
    page.get_by_label("By phone or text message, to this number:").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_text("Please type the number").first).to_be_visible()
    page.get_by_label("Your number").fill("0123 456")
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_text("Your choice is saved.")).to_be_visible()
    case = Case.objects.get()
    seen = open_page(address(study, f"care/{case.id}/"), user=lead.user, scripts=scripts)
    expect(seen.get_by_text("0123 456")).to_be_visible()


def test_the_rota_and_the_way_to_ask_are_pages_like_all_others(
    open_page: OpenPage, study: Judging
) -> None:
    lead = lead_of(study.member.study)
    lead_of(study.member.study)
    check_page(open_page(address(study, "rota/"), user=lead.user), name="care-rota")
    check_page(open_page(address(study, "support/"), user=study.member.user), name="care-ask")
