"""Signing in and managing an account, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import check_password
from django.core.mail import EmailMessage

from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.shared.actors import SYSTEM
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.browser.people import HOME, PASSWORD, expect_signed_in
from tests.support.outbox import code_in, post_mail

LINK = re.compile(r"https?://[^/\s]+(/\S+)")


@pytest.mark.parametrize("page", ["login", "signup", "password/reset", "login/code", "inactive"])
def test_pages_before_signing_in(open_page: OpenPage, page: str) -> None:  # standards 5.1, 5.6
    check_page(open_page(f"/account/{page}/"), name=f"account-{page.replace('/', '-')}")


@pytest.mark.parametrize("page", ["email", "password/change", "logout", "2fa"])
def test_account_pages(open_page: OpenPage, person: User, page: str) -> None:  # standards 5.1, 5.6
    check_page(
        open_page(f"/account/{page}/", user=person), name=f"account-{page.replace('/', '-')}"
    )


def test_signing_up_with_the_code_from_the_mail(
    open_page: OpenPage, mailoutbox: list[EmailMessage]
) -> None:
    page = open_page(f"/account/signup/?next={HOME}")
    page.get_by_label("E-mail address").fill("sam@example.org")
    page.get_by_label("Create a password").fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    page.get_by_role("heading", name="Enter the code we sent you").wait_for()
    check_page(page, name="account-code")
    page.get_by_label("Code").fill("WRONG1")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("alert").wait_for()
    check_page(page, name="account-code-wrong")
    post_mail()
    page.get_by_label("Code").fill(code_in(mailoutbox[-1]))
    page.get_by_role("button", name="Continue").click()
    expect_signed_in(page)


def test_mistakes_are_named_at_the_top_and_at_the_field(
    open_page: OpenPage, transactional_db: None
) -> None:  # standards 5.1
    page = open_page("/account/signup/")
    page.get_by_label("E-mail address").fill("not an address")
    page.get_by_role("button", name="Create my account").click()
    summary = page.get_by_role("alert")
    summary.wait_for()
    assert summary.evaluate("node => node === document.activeElement")
    summary.get_by_role("link", name="E-mail address").click()
    field = page.get_by_label("E-mail address")
    assert field.evaluate("node => node === document.activeElement")
    described = (field.get_attribute("aria-describedby") or "").split()
    assert any("check this address" in page.locator(f"#{name}").inner_text() for name in described)
    check_page(page, name="account-signup-mistakes")


def test_signing_in_with_a_password_without_scripts(
    open_page: OpenPage, person: User
) -> None:  # standards 5.6
    page = open_page(f"/account/login/?next={HOME}", scripts=False)
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect_signed_in(page)
    assert urlsplit(page.url).path == HOME
    assert person.email in page.locator("main").inner_text()
    assert page.evaluate("typeof htmx") == "undefined"  # no script of ours has run


def test_signing_in_with_a_code(
    open_page: OpenPage, person: User, mailoutbox: list[EmailMessage]
) -> None:  # standards 5.1 (3.3.8)
    page = open_page(f"/account/login/?next={HOME}")
    page.get_by_role("link", name="Send me a code by e-mail").click()
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("heading", name="Enter the code we sent you").wait_for()
    post_mail()
    page.get_by_label("Code").fill(code_in(mailoutbox[-1]))
    page.get_by_role("button", name="Continue").click()
    expect_signed_in(page)
    assert urlsplit(page.url).path == HOME
    assert person.email in page.locator("main").inner_text()


def test_choosing_a_new_password_by_mail(
    open_page: OpenPage, person: User, mailoutbox: list[EmailMessage]
) -> None:
    page = open_page("/account/password/reset/")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    check_page(page, name="account-reset-sent")
    post_mail()
    match = LINK.search(str(mailoutbox[-1].body))
    assert match
    link = match.group(1)
    page.goto(link)
    page.get_by_label("New password").wait_for()
    check_page(page, name="account-reset-choose")
    page.get_by_label("New password").fill("the-second-lamp-is-blue-7")
    page.get_by_label("Repeat the password").fill("the-second-lamp-is-blue-7")
    page.get_by_role("button", name="Save the new password").click()
    page.get_by_role("heading", name="Your password has been changed").wait_for()
    check_page(page, name="account-reset-done")
    person.refresh_from_db()
    assert check_password("the-second-lamp-is-blue-7", person.password)
    page.goto(link)
    check_page(page, name="account-reset-used")


def test_in_a_demo_the_code_is_in_the_mail_that_the_site_admin_reads(
    open_page: OpenPage, person: User, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAIL_DIR = settings.EMAIL_FILE_PATH = str(tmp_path)
    admin = make_account(
        actor=SYSTEM, email="admin@example.org", password=PASSWORD, is_site_admin=True
    )
    page = open_page(f"/account/login/code/?next={HOME}")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("heading", name="Enter the code we sent you").wait_for()
    post_mail()
    reading = open_page("/site/accounts/", user=admin)
    reading.get_by_role("link", name="Read the saved mail").click()
    reading.get_by_role("heading", name="Saved mail").wait_for()
    check_page(reading, name="site-mail")
    page.get_by_label("Code").fill(code_in(reading.locator("main").inner_text()))
    page.get_by_role("button", name="Continue").click()
    expect_signed_in(page)
