"""Guessing is slow (standards 7.7): tries to sign in are counted by account and by address."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.shared.actors import SYSTEM
from tests.support.outbox import code_in, post_mail
from tests.support.together import at_once

RIGHT, WRONG = "a-lamp-and-a-quiet-river-41", "a-guess"
TRIES = 5


@pytest.fixture
def person(db: None) -> User:
    return make_account(actor=SYSTEM, email="robin@example.org", password=RIGHT)


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_password_is_guessed_at_five_times_and_no_more(person: User) -> None:
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(TRIES):
        assert "is not right" in sign_in(guesser, person.email, WRONG).content.decode()
    for client in (guesser, Client(REMOTE_ADDR="192.0.2.2")):
        said = sign_in(client, person.email, RIGHT)
        page = said.content.decode()
        assert "was entered five times for this account" in page
        assert "Try again in 5 minutes." in page
        assert not client.session.get("_auth_user_id")


def test_another_account_at_the_same_place_is_not_held_up(person: User) -> None:
    other = make_account(actor=SYSTEM, email="sam@example.org", password=RIGHT)
    here = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(TRIES):
        sign_in(here, person.email, WRONG)
    assert sign_in(here, other.email, RIGHT).status_code == 302


def test_one_address_cannot_try_many_accounts(person: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "12/m/ip"}
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    for number in range(12):
        sign_in(guesser, f"person{number}@example.org", WRONG)
    answer = sign_in(guesser, person.email, RIGHT)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Many people are signing in from your internet address" in answer.content.decode()
    assert re.search(r"Try again in \d+ seconds?\.", answer.content.decode())
    assert sign_in(Client(REMOTE_ADDR="192.0.2.2"), person.email, RIGHT).status_code == 302


def test_twelve_people_behind_one_address_all_get_their_code(
    db: None, mailoutbox: list[EmailMessage]
) -> None:
    """People in a clinic, a family or a mobile network share one IP address and make typos."""
    for number in range(12):
        one = Client(REMOTE_ADDR="192.0.2.1")
        email = f"person{number}@example.org"
        make_account(actor=SYSTEM, email=email, password=RIGHT)
        assert "is not right" in sign_in(one, email, WRONG).content.decode()
        one.post(reverse("account_request_login_code"), {"email": email})
        post_mail()
        confirm = reverse("account_confirm_login_code")
        one.post(confirm, {"code": "AAA-AAA"})
        assert one.post(confirm, {"code": code_in(mailoutbox[-1])}).status_code == 302
        assert one.session.get("_auth_user_id")


@pytest.mark.django_db(transaction=True)
def test_twelve_people_at_the_same_moment_are_not_told_that_it_was_too_often() -> None:
    """The library waits one second for its lock, then answers that there were too many attempts."""

    def ask(number: int) -> int:
        one = Client(REMOTE_ADDR="192.0.2.1")
        sign_in(one, f"person{number}@example.org", WRONG)
        sent = {"email": f"person{number}@example.org"}
        return int(one.post(reverse("account_request_login_code"), sent).status_code)

    assert at_once(*[partial(ask, number) for number in range(12)]) == [302] * 12


def test_ten_failed_attempts_by_others_lock_nobody_out(person: User) -> None:
    for number in range(30):
        other = Client(REMOTE_ADDR="192.0.2.1")
        sign_in(other, f"person{number}@example.org", WRONG)
    assert sign_in(Client(REMOTE_ADDR="192.0.2.1"), person.email, RIGHT).status_code == 302


def test_many_people_make_accounts_and_reset_passwords_at_one_place(db: None) -> None:
    for number in range(30):
        here = Client(REMOTE_ADDR="192.0.2.1")
        email = f"person{number}@example.org"
        sent = {"email": email, "password1": RIGHT, "password2": RIGHT}
        assert here.post(reverse("account_signup"), sent).status_code == 302
        reset = Client(REMOTE_ADDR="192.0.2.1").post(
            reverse("account_reset_password"), {"email": email}
        )
        assert reset.status_code == 302


def test_one_account_cannot_be_guessed_from_many_addresses(person: User) -> None:
    said = [
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{n}"), person.email, WRONG).content.decode()
        for n in range(1, 12)
    ]
    assert ["five times" in page for page in said] == [False] * TRIES + [True] * 6


def test_messages_do_not_reveal_whether_an_account_exists(person: User) -> None:
    for email in (person.email, "nobody@example.org"):
        for _ in range(TRIES):
            sign_in(Client(), email, WRONG)
        assert "five times" in sign_in(Client(), email, WRONG).content.decode()


def test_too_many_codes_are_reported(person: User) -> None:
    for _ in range(4):
        answer = Client().post(reverse("account_request_login_code"), {"email": person.email})
    assert "We have sent three codes to this address" in answer.content.decode()
    assert re.search(r"Try again in \d+ seconds?\.", answer.content.decode())


def test_mail_sent_a_moment_ago_is_reported(db: None) -> None:
    sent = {"email": "new@example.org", "password1": RIGHT, "password2": RIGHT}
    assert Client().post(reverse("account_signup"), sent).status_code == 302
    answer = Client().post(reverse("account_signup"), sent)
    assert answer.status_code == 429
    assert "We sent an e-mail to this address a moment ago." in answer.content.decode()


def test_three_wrong_codes_are_reported(person: User) -> None:
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": person.email})
    for number in range(3):
        sent = {"code": f"AAA-AA{number}"}
        answer = client.post(reverse("account_confirm_login_code"), sent, follow=True)
    assert "The code was not right three times" in answer.content.decode()


def test_an_app_is_guessed_at_five_times(person: User) -> None:
    TOTP.activate(person, generate_totp_secret())
    client = Client()
    sign_in(client, person.email, RIGHT)
    for number in range(TRIES + 1):
        answer = client.post(reverse("mfa_authenticate"), {"code": f"00000{number}"})
    assert "was entered five times for this account" in answer.content.decode()


def test_number_of_mailed_codes_is_limited(person: User, mailoutbox: list[EmailMessage]) -> None:
    for _ in range(5):
        Client().post(reverse("account_request_login_code"), {"email": person.email})
    post_mail()
    assert len(mailoutbox) == 3


def test_a_code_is_not_guessed_at_for_long(person: User, mailoutbox: list[EmailMessage]) -> None:
    client = Client()
    client.post(reverse("account_request_login_code"), {"email": person.email})
    confirm = reverse("account_confirm_login_code")
    for number in range(6):
        client.post(confirm, {"code": f"AAAA{number}"})
    post_mail()
    (mail,) = mailoutbox
    code = next(line.strip() for line in str(mail.body).splitlines() if "-" in line.strip()[3:5])
    client.post(confirm, {"code": code})
    assert not client.session.get("_auth_user_id")
