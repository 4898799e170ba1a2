"""Account pages answer while the mail server is away; codes come in time or not at all."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.accounts import services
from codesign.accounts.models import OutgoingMail, User
from codesign.accounts.queries import MAIL
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import tending
from codesign.shared.actors import SYSTEM
from tests.support.jobs import run
from tests.support.outbox import code_in, post_mail

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD = "a-lamp-and-a-quiet-river-41"
NEW = "the-second-lamp-is-blue-7"

PAGES = {
    "code": ("account_request_login_code", {"email": "robin@example.org"}, False),
    "code for nobody": ("account_request_login_code", {"email": "no@example.org"}, False),
    "sign-up": (
        "account_signup",
        {"email": "sam@example.org", "password1": PASSWORD, "password2": PASSWORD},
        False,
    ),
    "sign-up again": (
        "account_signup",
        {"email": "robin@example.org", "password1": PASSWORD, "password2": PASSWORD},
        False,
    ),
    "reset": ("account_reset_password", {"email": "robin@example.org"}, False),
    "reset for nobody": ("account_reset_password", {"email": "no@example.org"}, False),
    "address": ("account_email", {"action_add": "", "email": "new@example.org"}, True),
    "password": (
        "account_change_password",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
        True,
    ),
}
"""Page, what is sent, and whether by somebody who is signed in."""


@pytest.fixture
def person(db: None) -> User:
    return services.make_account(actor=SYSTEM, email="robin@example.org", password=PASSWORD)


@pytest.fixture(params=["refuses", "is silent"])
def away(request: pytest.FixtureRequest, settings: Any) -> Iterator[str]:
    """A mail server that refuses connections, or accepts them and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = door.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        if request.param == "refuses":
            door.close()
        yield request.param


def ask_for_code(client: Client, person: User) -> None:
    answer = client.post(
        reverse("account_request_login_code"), {"email": person.email}, follow=True
    )
    assert answer.status_code == 200
    assert "Enter the code we sent you" in answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_every_account_page_answers_as_always(away: str, person: User, name: str) -> None:
    page, sent, signed_in = PAGES[name]
    client = Client()
    if signed_in:
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert client.post(reverse(page), sent).status_code == 302
    row = OutgoingMail.objects.get()
    assert job_about(kind=MAIL, subject_id=row.id).attempts == 0  # not within the request
    assert run(MAIL, row.id).state == JobState.QUEUED


def test_code_is_sent_once_the_mail_server_is_back(
    away: str, person: User, settings: Any, mailoutbox: list[EmailMessage]
) -> None:
    client = Client()
    ask_for_code(client, person)
    post_mail()
    assert tending.tend() == 0  # not before the pause is over
    row = OutgoingMail.objects.get()
    assert job_about(kind=MAIL, subject_id=row.id).attempts == 1
    Job.objects.update(due_at=timezone.now())
    settings.EMAIL_BACKEND = LOCMEM
    post_mail()
    (mail,) = mailoutbox
    code = code_in(mail)
    client.post(reverse("account_confirm_login_code"), {"code": code})
    assert client.session["_auth_user_id"] == str(person.pk)
    row.refresh_from_db()
    assert (row.to, row.body) == ("", "")


@pytest.mark.parametrize("name", ["code", "sign-up"])
def test_a_code_that_works_no_more_is_dropped(
    person: User, name: str, mailoutbox: list[EmailMessage]
) -> None:
    page, sent, _ = PAGES[name]
    Client().post(reverse(page), sent)
    row = OutgoingMail.objects.get()
    assert row.useful_until is not None
    life = {"code": timedelta(minutes=3), "sign-up": timedelta(minutes=15)}[name]
    assert abs(row.useful_until - timezone.now() - life) < timedelta(seconds=30)
    OutgoingMail.objects.update(useful_until=timezone.now())
    assert run(MAIL, row.id).state == JobState.FAILED
    assert not mailoutbox
    assert not OutgoingMail.objects.exists()


def test_other_mail_is_retried_and_sent_mail_is_kept(
    person: User, mailoutbox: list[EmailMessage]
) -> None:
    ask_for_code(Client(), person)
    post_mail()
    OutgoingMail.objects.update(useful_until=timezone.now())
    Client().post(reverse("account_reset_password"), {"email": person.email})
    assert OutgoingMail.objects.count() == 2
    post_mail()
    assert len(mailoutbox) == 2


def test_logs_tell_that_mail_stays_but_neither_to_whom_nor_what(
    away: str, person: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask_for_code(Client(), person)
    post_mail()
    row = OutgoingMail.objects.get()
    OutgoingMail.objects.update(useful_until=timezone.now())
    Job.objects.update(due_at=timezone.now())
    post_mail()
    assert "did not take a mail" in caplog.text
    assert "dropped a mail" in caplog.text
    code = code_in(row.body)
    for secret in (person.email, "robin", code, row.body):
        assert secret not in caplog.text
