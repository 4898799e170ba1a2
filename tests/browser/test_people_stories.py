"""Signing, changing choices, leaving and returning with the demo's consent; rarer pages."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from playwright.sync_api import Page

from codesign.accounts.models import User
from codesign.compensation.services import ledger
from codesign.consent import queries as consent
from codesign.consent import services as consent_services
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.services import generation
from modelhub.services.versions import ensure_embedded_model
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.accounts import UserFactory
from tests.factories.annotations import judging_round, lease, send
from tests.factories.compensation import credit, set_rate
from tests.factories.consent import sign
from tests.factories.modelhub import add_prompts
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

DEMO = settings.BASE_DIR / "codesign" / "desk" / "demo"


@pytest.fixture
def panelist(transactional_db: None) -> Member:
    """Somebody in the demo's study, who has not signed its consent yet."""
    words = json.loads((DEMO / "study.json").read_text())
    study = StudyFactory.create(
        slug=words["slug"], title=words["title"], organisation=words["organisation"]
    )
    cohort = CohortFactory.create(study=study, title="Lived experience", key="lived_experience")
    consent_services.publish_version(
        actor=SYSTEM,
        study=study,
        language="en",
        content=consent.example(words=json.loads((DEMO / "consent.json").read_text())),
    )
    set_rate(cohort)
    return MemberFactory.create(cohort=cohort)


def sign_on_page(page: Page) -> None:
    page.get_by_label("I want to take part").check()
    page.get_by_label("Your full name").fill("Robin Made-up")
    page.get_by_role("button", name="Sign").click()
    page.get_by_role("heading", name="Your choices").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_reading_signing_choosing_leaving_and_coming_back(  # standards 2.4, 2.5, 2.8, 5.6
    open_page: OpenPage, panelist: Member, scripts: bool
) -> None:
    page = open_page("/", user=panelist.user, scripts=scripts)
    training = page.get_by_label("Train computer programs with my answers")
    page.get_by_role("link", name="Read about the study").click()
    page.get_by_role("heading", name="Your signature").wait_for()
    assert page.locator("input[type=checkbox]:checked").count() == 0
    training.check()
    page.get_by_role("button", name="Sign").click()
    page.get_by_role("alert").wait_for()
    assert training.is_checked()
    if scripts:
        check_page(page, name="consent-error-demo")
    sign_on_page(page)
    page.get_by_role("link", name="Change a choice").click()
    page.get_by_role("button", name="Change to no Train computer programs").click()
    page.get_by_role("status").get_by_text("is now “no”").wait_for()
    record = consent.record_in_force(member_id=panelist.id)
    assert record is not None
    assert consent.choices_of(record_id=record.id)["training"] is False
    if scripts:
        check_page(page, name="consent-choices-demo")
    page.get_by_role("link", name="Leave this study").click()
    page.get_by_role("button", name="Leave this study").click()
    page.get_by_role("status").get_by_text("You have left").wait_for()
    assert consent.record_in_force(member_id=panelist.id) is None
    page.get_by_role("link", name="Read about the study").click()
    sign_on_page(page)
    assert consent.record_in_force(member_id=panelist.id) is not None


def test_a_missing_language_and_a_correction(  # standards 2.15
    open_page: OpenPage, panelist: Member
) -> None:
    User.objects.filter(id=panelist.user_id).update(language="cy")
    page = open_page(f"/studies/{panelist.study.slug}/consent/", user=panelist.user)
    page.get_by_role("heading", name="not available in your language").wait_for()
    check_page(page, name="consent-unavailable")
    ledger.reverse(transfer=credit(panelist, 1234))
    page.goto(f"/studies/{panelist.study.slug}/pay/")
    check_page(page, name="pay-correction")


def test_pages_outside_studies(open_page: OpenPage, panelist: Member) -> None:
    admin = UserFactory.create(is_site_admin=True)
    check_page(open_page("/site/accounts/", user=admin), name="site-accounts")
    MemberFactory.create(user=panelist.user)
    page = open_page("/", user=panelist.user)
    check_page(page, name="home-choose")
    page.goto("/account/tokens/")
    page.get_by_label("Name").fill("a notebook")
    page.get_by_label("Judge on my behalf").check()
    page.get_by_role("button", name="Create a token").click()
    page.get_by_text("shown only once").wait_for()
    check_page(page, name="tokens-made")


def test_homes_and_rounds_with_work_in_them(open_page: OpenPage, panelist: Member) -> None:
    clinic = CohortFactory.create(
        study=panelist.study, title="Clinicians", key="clinician", role=Role.CLINICIAN
    )
    sign(panelist)
    judging_round(panelist.cohort, clinic, tasks=3, overlap=2)
    send(lease(panelist))
    generation.start_run(
        actor=SYSTEM,
        study=panelist.study,
        version=ensure_embedded_model(),
        prompts=add_prompts(panelist.study, "A long day.", "A longer night."),
    )
    page = open_page("/", user=panelist.user)
    page.get_by_role("link", name="Start").wait_for()
    check_page(page, name="home-panelist-working")
    for role in (Role.COORDINATOR, Role.ML_ENGINEER):
        page = open_page("/", user=staff(panelist.study, role).user)
        check_page(page, name=f"home-{role}-working")
        if role == Role.COORDINATOR:
            page.get_by_role("link", name="Rounds").click()
            page.get_by_role("heading", name="Rounds").wait_for()
            check_page(page, name="rounds")
            for width in (320, 768, 1024, 1280):  # standards 4.7: Help never moves to a later row
                page.set_viewport_size({"width": width, "height": 800})
                help_box = page.locator(".btn-care").bounding_box()
                assert help_box is not None
                assert help_box["y"] < 30, width
                assert help_box["x"] > width / 3, width
