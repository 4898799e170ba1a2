"""Guessing is slow (standards 7.7): tries to sign in are counted by account and by address."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.shared.actors import SYSTEM
from tests.posting import post_mail

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
        assert "do not go together" in sign_in(guesser, person.email, WRONG).content.decode()
    for client in (guesser, Client(REMOTE_ADDR="192.0.2.2")):
        said = sign_in(client, person.email, RIGHT)
        assert "That went wrong too often. Please wait some minutes." in said.content.decode()
        assert not client.session.get("_auth_user_id")


def test_another_account_at_the_same_place_is_not_held_up(person: User) -> None:
    other = make_account(actor=SYSTEM, email="sam@example.org", password=RIGHT)
    here = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(TRIES):
        sign_in(here, person.email, WRONG)
    assert sign_in(here, other.email, RIGHT).status_code == 302


def test_one_address_does_not_try_everybody(person: User) -> None:
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    for number in range(30):
        sign_in(guesser, f"person{number}@example.org", WRONG)
    answer = sign_in(guesser, person.email, RIGHT)
    assert answer.status_code == 429
    assert "Please wait a little" in answer.content.decode()
    assert sign_in(Client(REMOTE_ADDR="192.0.2.2"), person.email, RIGHT).status_code == 302


def test_nobody_is_flooded_with_codes(person: User, mailoutbox: list[EmailMessage]) -> None:
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
