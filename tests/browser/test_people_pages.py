"""The pages around judging: help, home, consent, pay, people. Each is looked at (standards 5.1)."""

from __future__ import annotations

import pytest

from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.accounts import UserFactory
from tests.factories.compensation import credit, set_rate
from tests.factories.consent import publish, sign
from tests.factories.studies import CohortFactory, MemberFactory, staff


@pytest.fixture
def panelist(transactional_db: None) -> Member:
    """Somebody in a study whose consent text and pay stand; nothing is signed yet."""
    member = MemberFactory.create(study__title="Talking about hard days")
    publish(member.study)
    assert member.cohort
    set_rate(member.cohort)
    return member


def test_help_without_an_account(open_page: OpenPage, transactional_db: None) -> None:
    check_page(open_page("/help/"), name="help")


def test_the_home_of_somebody_without_a_study(open_page: OpenPage, transactional_db: None) -> None:
    check_page(open_page("/", user=UserFactory.create()), name="home-nothing")


def test_consent_is_read_signed_and_taken_back(open_page: OpenPage, panelist: Member) -> None:
    page = open_page("/", user=panelist.user)
    check_page(page, name="home-before-consent")
    page.goto(f"/studies/{panelist.study.slug}/consent/")
    check_page(page, name="consent-read")
    page.get_by_role("button", name="Sign").click()
    page.get_by_role("alert").wait_for()
    check_page(page, name="consent-mistakes")
    boxes = page.get_by_role("checkbox")
    assert not any(box.is_checked() for box in boxes.all())  # standards 2.5
    boxes.first.check()
    page.get_by_label("name").fill("Robin Made-Up")
    page.get_by_role("button", name="Sign").click()
    page.get_by_role("heading", level=1).wait_for()
    for address, name in [("consent/choices", "choices"), ("consent/leave", "leave")]:
        page.goto(f"/studies/{panelist.study.slug}/{address}/")
        check_page(page, name=f"consent-{name}")
    page.get_by_role("button", name="Leave this study").click()
    page.wait_for_load_state()
    check_page(page, name="home-after-leaving")


def test_a_panelist_s_home_copy_and_pay(open_page: OpenPage, panelist: Member) -> None:
    record = sign(panelist)
    for amount in (80, 120, 80):
        credit(panelist, amount)
    page = open_page("/", user=panelist.user)
    check_page(page, name="home-panelist")
    for address, name in [("pay", "pay"), (f"consent/signed/{record.id}", "consent-copy")]:
        page.goto(f"/studies/{panelist.study.slug}/{address}/")
        check_page(page, name=name)
    page.goto("/account/tokens/")
    check_page(page, name="account-tokens")


TOUCHING = """[...document.querySelectorAll("main section.card")]
    .map(card => [card.getBoundingClientRect(), card.textContent.trim().slice(0, 30)])
    .flatMap(([box, name], index, all) => all.slice(index + 1).filter(([other]) =>
        box.left < other.right && other.left < box.right &&
        box.top < other.bottom + 8 && other.top < box.bottom + 8).map(([, other]) => [name, other]))
"""
"""Cards with less than 8 CSS pixels between them."""


def test_a_coordinator_s_home_people_and_rates(open_page: OpenPage, panelist: Member) -> None:
    coordinator = staff(panelist.study)
    sign(panelist)
    MemberFactory.create(cohort=panelist.cohort)
    clinic = CohortFactory.create(study=panelist.study, title="Clinicians", role=Role.CLINICIAN)
    sign(MemberFactory.create(cohort=clinic))
    credit(panelist, 1240)
    page = open_page("/", user=coordinator.user)
    page.get_by_text("By cohort", exact=True).click()
    check_page(page, name="home-coordinator")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(TOUCHING) == []
    study_name = page.locator(".top-study").bounding_box()
    assert study_name
    assert study_name["height"] < 40  # the study's name is on one line
    page.set_viewport_size({"width": 320, "height": 640})
    top = page.locator("header.top").bounding_box()
    assert top
    assert top["height"] <= 160
    for address, name in [("people", "people"), ("pay/rates", "rates")]:
        page.goto(f"/studies/{panelist.study.slug}/{address}/")
        check_page(page, name=name)


@pytest.mark.parametrize("role", [Role.SAFETY_LEAD, Role.ML_ENGINEER, Role.AUDITOR])
def test_the_homes_of_other_staff(open_page: OpenPage, panelist: Member, role: Role) -> None:
    person = staff(panelist.study, role)
    page = open_page("/", user=person.user)
    check_page(page, name=f"home-{role}")
    if role == Role.AUDITOR:
        page.goto(f"/studies/{panelist.study.slug}/trail/")
        check_page(page, name="trail")


@pytest.mark.parametrize("scripts", [True, False])
def test_stopping_somebody_s_sign_in_is_asked_about(
    open_page: OpenPage, transactional_db: None, scripts: bool
) -> None:
    admin = UserFactory.create(email="admin@example.org", is_site_admin=True)
    robin = UserFactory.create(email="robin@example.org")
    page = open_page("/site/accounts/", user=admin, scripts=scripts, lately=True)
    page.get_by_role("link", name="Deactivate robin@example.org").click()
    page.get_by_role("heading", name="Deactivate the account robin@example.org?").wait_for()
    if scripts:
        check_page(page, name="accounts-stop")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Deactivate robin@example.org").click()
    page.get_by_role("button", name="Deactivate").wait_for()
    robin.refresh_from_db()
    assert robin.is_active  # asked about twice, not said yet
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_text("robin@example.org can no longer sign in.").wait_for()
    robin.refresh_from_db()
    assert not robin.is_active
    if scripts:
        check_page(page, name="accounts")
