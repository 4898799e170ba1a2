"""Passkeys, codes from an app, spare codes: set up and used in a real browser (standards 7.8)."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from playwright.sync_api import Page, expect

from codesign.accounts.models import User
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.browser.people import HOME, PASSWORD, expect_signed_in


@pytest.fixture(autouse=True)
def _no_half_minute_ends_in_between(settings: Any) -> None:
    """A code is good for as long as a test takes, however busy the machine is."""
    settings.MFA_TOTP_PERIOD = 10**9


def code_now(secret: str) -> str:
    """What an authenticator app shows at this moment."""
    counter = next(totp.yield_hotp_counters_from_time())
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def type_password(page: Page, email: str) -> None:
    page.goto(f"/account/login/?next={HOME}")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def show_it_is_you(page: Page) -> None:
    page.get_by_role("heading", name="Please confirm that it is you").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def test_an_app_is_set_up_and_a_spare_code_signs_in(open_page: OpenPage, person: User) -> None:
    page = open_page("/account/2fa/", user=person)
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_role("heading", name="Please confirm that it is you").wait_for()
    check_page(page, name="account-is-it-you")
    show_it_is_you(page)
    page.get_by_role("heading", name="Set up an app").wait_for()
    check_page(page, name="account-app-set-up")
    page.get_by_label("The code in the app").fill(code_now(page.locator("code").inner_text()))
    page.get_by_role("button", name="Start using it").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    check_page(page, name="account-spare-codes")
    spare = page.locator(".codes li").first.inner_text()
    page.goto("/account/2fa/")
    check_page(page, name="account-2fa-in-use")
    for path in ("recovery-codes/generate", "totp/deactivate"):
        page.goto(f"/account/2fa/{path}/")
        check_page(page, name=f"account-2fa-{path.replace('/', '-')}")

    page.context.clear_cookies()
    type_password(page, person.email)
    page.get_by_role("heading", name="One more step").wait_for()
    check_page(page, name="account-one-more-step")
    page.get_by_label("Code").fill(spare)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect_signed_in(page)


def test_the_code_that_the_app_shows_signs_in(open_page: OpenPage, person: User) -> None:
    page = open_page("/account/2fa/totp/activate/", user=person)
    show_it_is_you(page)
    secret = page.locator("code").inner_text()
    page.get_by_label("The code in the app").fill(code_now(secret))
    page.get_by_role("button", name="Start using it").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.context.clear_cookies()
    type_password(page, person.email)
    cache.clear()  # a code is good for one time: as if its half minute were over
    page.get_by_label("Code").fill(code_now(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect_signed_in(page)
    page.goto(HOME)
    assert person.email in page.locator("main").inner_text()


def add_authenticator(page: Page, *, knows_them: bool = True) -> None:
    """Give the page a device for passkeys, which knows who holds it or not; by Chromium's tools."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": knows_them,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_renamed_used_and_removed(open_page: OpenPage, person: User) -> None:
    page = open_page(user=person)
    add_authenticator(page)
    page.goto("/account/2fa/webauthn/add/")
    show_it_is_you(page)
    expect(page.get_by_label("Sign in with this passkey alone")).to_be_checked()
    check_page(page, name="account-passkey-add")
    page.get_by_label("Name of the passkey").fill("Blue phone")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.goto("/account/2fa/webauthn/")
    check_page(page, name="account-passkeys")
    page.get_by_role("link", name="Rename Blue phone").click()
    check_page(page, name="account-passkey-rename")
    page.get_by_label("Name of the passkey").fill("Green phone")
    page.get_by_role("button", name="Save").click()

    page.context.clear_cookies()
    page.goto(f"/account/login/?next={HOME}")
    page.get_by_role("button", name="Use a passkey").click()
    expect_signed_in(page)
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_text("signs in on its own", exact=True)).to_be_visible()
    page.get_by_role("link", name="Remove Green phone").click()  # signing in just now was proof
    page.get_by_role("button", name="Remove it").wait_for()
    check_page(page, name="account-passkey-remove")
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("You have none yet.").wait_for()


def test_a_passkey_as_second_factor_is_labelled(open_page: OpenPage, person: User) -> None:
    page = open_page(user=person)
    add_authenticator(page)
    page.goto("/account/2fa/webauthn/add/")
    show_it_is_you(page)
    page.get_by_label("Sign in with this passkey alone").uncheck()
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_text("after your password", exact=True)).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"/account/login/?next={HOME}")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("status").get_by_text("sign in with your password first").wait_for()
    type_password(page, person.email)
    page.get_by_role("button", name="Use a passkey instead").click()
    expect_signed_in(page)


def test_a_failed_passkey_shows_an_error(open_page: OpenPage, transactional_db: None) -> None:
    page = open_page(f"/account/login/?next={HOME}")
    add_authenticator(page, knows_them=False)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("status").get_by_text("The passkey did not work this time.").wait_for()
    check_page(page, name="account-passkey-failed")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_passkey_is_offered_where_scripts_can_ask_for_it(
    open_page: OpenPage, transactional_db: None, scripts: bool
) -> None:
    page = open_page("/account/login/", scripts=scripts)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible(visible=scripts)
