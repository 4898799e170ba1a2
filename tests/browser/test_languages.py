"""Pages in Arabic and Spanish, a session in Arabic, and pages in a pseudo-locale on a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import translation
from playwright.sync_api import Page, expect

from annotations.models import Judgement, Rewrite
from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.consent import queries as consent
from codesign.consent import services as consent_services
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import JUDGING, Role
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import ARABIC, HARD, Judging, judging
from tests.browser.looking import check_page
from tests.browser.people import PASSWORD
from tests.factories.studies import MemberFactory, staff
from tests.support.pseudo import write_pseudo_locale

pytestmark = pytest.mark.slow
DEMO = configured.BASE_DIR / "codesign" / "desk" / "demo"
REWRITE = "هذا متعب حقًا. ما الذي يبقيك مستيقظًا؟ يمكننا التفكير في ذلك معًا."
OVER_EXIT = """() => {
    const exit = document.querySelector(".exit").getBoundingClientRect();
    return [...document.querySelectorAll(".top :is(a, button)")].filter(node => {
        const text = document.createRange();
        text.selectNodeContents(node);
        const box = text.getBoundingClientRect();
        return !node.matches(".exit") && box.width && box.left < exit.right - 1
            && box.right > exit.left + 1 && box.top < exit.bottom - 1 && box.bottom > exit.top + 1;
    }).map(node => node.textContent);
}"""
CUT = """() => [...document.querySelectorAll("main *, header *, footer *")]
    .filter(node => node.checkVisibility() && !node.closest(".visually-hidden, pre, .top-nav"))
    .filter(node => ["hidden", "clip"].includes(getComputedStyle(node).overflowX)
        && node.clientWidth > 2 && node.scrollWidth > node.clientWidth + 1)
    .map(node => node.outerHTML.slice(0, 160))"""


def in_arabic(english: str) -> str:
    with translation.override("ar"):
        return translation.gettext(english)


def press(page: Page, english: str) -> None:
    page.get_by_role("button", name=in_arabic(english), exact=True).click()


def follow(page: Page, english: str) -> None:
    page.locator("main").get_by_role("link", name=in_arabic(english), exact=True).click()


@pytest.fixture
def newcomer(transactional_db: None) -> Member:
    """A person with a password in a study that has a consent text in Arabic, not yet signed."""
    study = judging(ARABIC, HARD)
    user = make_account(actor=SYSTEM, email="robin@example.org", password=PASSWORD, name="Robin")
    consent_services.publish_version(
        actor=SYSTEM,
        study=study.member.study,
        language="ar",
        content=consent.example(words=json.loads((DEMO / "consent.json").read_text())),
    )
    return MemberFactory.create(user=user, cohort=study.member.cohort)


def test_a_session_in_arabic(open_page: OpenPage, newcomer: Member) -> None:  # standards 5.4, 5.5
    page = open_page("/account/login/")
    page.get_by_role("link", name="العربيّة").click()
    page.get_by_role("button", name="العربيّة").click()
    check_page(page, name="ar-sign-in")
    page.locator("input[name=login]").fill("robin@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    press(page, "Sign in")
    check_page(page, name="ar-home-new")
    assert User.objects.get(email="robin@example.org").language == "ar"
    follow(page, "Read about the study")
    check_page(page, name="ar-consent")
    page.locator("input[name=choice_take_part]").check()
    page.locator("input[name=typed_name]").fill("ربى")
    press(page, "Sign")
    page.goto(f"/studies/{newcomer.study.slug}/judge/")
    check_page(page, name="ar-topics")
    press(page, "Fine with all of these")
    expect(page.locator("#judge")).to_be_visible()
    for group in page.locator("fieldset.likert:visible").all():
        group.get_by_role("radio").nth(1).check(force=True)
    page.locator("details:has(> * #rewrite-A, > #rewrite-A) > summary").click()
    page.locator("#rewrite-A").fill(REWRITE)
    assert page.evaluate(OVER_EXIT) == []
    check_page(page, name="ar-judge")
    press(page, "Send and continue")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2")
    assert Judgement.objects.get().assignment.member == newcomer
    assert Rewrite.objects.get().text == REWRITE
    page.goto(f"/studies/{newcomer.study.slug}/pay/")
    expect(page.locator("main")).to_contain_text("£0.80")
    check_page(page, name="ar-pay")
    page.locator("header").get_by_role("link", name=in_arabic("Help"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(in_arabic("Help"))
    check_page(page, name="ar-help")


def pages_of(study: Judging) -> list[tuple[User | None, str]]:
    """A dozen pages that people use most."""
    home = f"/studies/{study.slug}/"
    everything = staff(study.member.study, *(set(Role) - JUDGING)).user
    judging_person = study.member.user
    return [
        (None, "/account/login/"),
        (None, "/help/"),
        (None, "/language/"),
        *((judging_person, home + path) for path in ("", "judge/", "pay/", "consent/choices/")),
        *((everything, home + path) for path in ("", "rounds/", "review/", "people/", "releases/")),
    ]


def test_nothing_is_cut_in_a_longer_language(
    open_page: OpenPage, transactional_db: None, settings: Any, tmp_path: Path
) -> None:  # standards 5.4
    settings.LOCALE_PATHS = [write_pseudo_locale(tmp_path)]
    wrong = []
    for user, path in pages_of(judging(HARD)):
        page = open_page(path, user=user, viewport={"width": 320, "height": 700})
        assert "⟦" in page.locator("main").inner_text()
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{path} scrolls sideways")
        wrong += [f"{path} cuts {node}" for node in page.evaluate(CUT)]
    assert wrong == []


@pytest.mark.parametrize("language", ["ar", "es"])
def test_the_exit_covers_nothing(open_page: OpenPage, study: Judging, language: str) -> None:
    page = open_page("/", user=study.member.user, locale=language)
    for path in (f"/studies/{study.slug}/", study.path):
        page.goto(path)
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(OVER_EXIT) == [], (path, width)


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging(HARD)
