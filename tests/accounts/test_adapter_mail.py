"""Mail about accounts: plain, and silent about studies and conditions (standards 4.13, 3.14)."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.shared.actors import SYSTEM
from tests.support.outbox import post_mail

OLD = "a-lamp-and-a-quiet-river-41"
NEW = "the-second-lamp-is-blue-7"


@pytest.fixture
def person(db: None) -> User:
    return make_account(actor=SYSTEM, email="robin@example.org", password=OLD)


def test_signing_up_sends_a_code_and_nothing_about_any_study(
    client: Client, db: None, mailoutbox: list[EmailMessage]
) -> None:
    form = {"email": "sam@example.org", "password1": OLD, "password2": OLD}
    client.post(reverse("account_signup"), form)
    post_mail()
    (mail,) = mailoutbox
    assert mail.subject == "Your code for Codesign"
    assert "Enter this code on the page" in mail.body
    assert "testserver" not in mail.body


def test_only_the_owner_learns_that_an_address_is_taken(
    client: Client, person: User, mailoutbox: list[EmailMessage]
) -> None:
    form = {"email": person.email, "password1": NEW, "password2": NEW}
    answer = client.post(reverse("account_signup"), form, follow=True)
    assert "already" not in answer.content.decode()
    post_mail()
    assert [mail.to for mail in mailoutbox] == [[person.email]]
    assert mailoutbox[0].subject == "You already have an account"


def test_owner_is_told_of_a_changed_password(
    client: Client, person: User, mailoutbox: list[EmailMessage]
) -> None:
    client.force_login(person)
    form = {"oldpassword": OLD, "password1": NEW, "password2": NEW}
    client.post(reverse("account_change_password"), form)
    post_mail()
    (mail,) = mailoutbox
    assert mail.subject == "Your password has changed"
    assert "If it was not" in mail.body


def test_a_wrong_password_does_not_tell_whether_there_is_an_account(
    client: Client, person: User
) -> None:
    """The two pages are equal except for the address that was typed."""
    pages = []
    for email in (person.email, "nobody@example.org"):
        answer = client.post(reverse("account_login"), {"login": email, "password": NEW})
        assert answer.status_code == 200
        page = answer.content.decode().replace(str(answer.context["csrf_token"]), "")
        assert email in page
        pages.append(page.replace(email, ""))
    assert "The e-mail address or the password is not right." in pages[0]
    assert pages[0] == pages[1]
