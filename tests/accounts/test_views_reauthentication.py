"""Sensitive changes to an account need a recent sign-in."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from codesign.accounts import rules, services
from codesign.accounts.models import ApiToken, User
from codesign.accounts.views import HANDED_S, JUST_MADE
from codesign.shared.actors import SYSTEM, Actor

pytestmark = pytest.mark.django_db  # standards 7.7
PASSWORD = "a-lamp-and-a-quiet-river-41"
SENT = {"name": "notebook", "scopes": ["study:read"], "days": "30"}
LONG_AGO_S = 301


@pytest.fixture
def person() -> User:
    return services.make_account(actor=SYSTEM, email="robin@example.org", password=PASSWORD)


@pytest.fixture
def lately(client: Client, person: User) -> Client:
    """A client that has just signed in."""
    sent = {"login": person.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), sent).status_code == 302
    return client


@pytest.fixture
def long_ago(lately: Client) -> Client:
    """The same client, more than five minutes later."""
    session = lately.session
    for proof in session["account_authentication_methods"]:
        proof["at"] -= LONG_AGO_S
    session.save()
    return lately


def asked(answer: Any) -> str:
    """Check that the response asks to sign in again; return the address to continue to."""
    assert answer.status_code == 302
    there = urlsplit(answer.headers["Location"])
    assert there.path == reverse("account_reauthenticate")
    return str(parse_qs(there.query)["next"][0])


def show(client: Client, back: str, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_reauthenticate"), {"password": password, "next": back})


def secrets_in(answer: Any) -> list[str]:
    return re.findall(rf"{rules.PREFIX}[\w-]{{43}}", answer.content.decode())


def test_a_token_is_made_once_it_is_shown_who_asks(long_ago: Client) -> None:
    tokens = reverse("accounts:tokens")
    back = asked(long_ago.post(tokens, SENT))
    assert back == tokens
    assert show(long_ago, back, "a-guess").status_code == 200
    assert not ApiToken.objects.exists()
    made = show(long_ago, back)
    assert (made.status_code, made.headers["Location"]) == (302, tokens)
    (token,) = ApiToken.objects.all()
    (secret,) = secrets_in(long_ago.get(tokens))
    assert token.digest == rules.digest_of(secret)
    assert secrets_in(long_ago.get(tokens)) == []


def test_a_token_ends_once_it_is_shown_who_asks(long_ago: Client, person: User) -> None:
    services.make_token(
        actor=Actor.of(person), user=person, name="mine", scopes=["study:read"], days=1
    )
    back = asked(long_ago.post(reverse("accounts:revoke_token"), {"name": "mine"}))
    assert ApiToken.objects.filter(revoked_at=None).exists()
    assert show(long_ago, back).headers["Location"] == reverse("accounts:tokens")
    assert not ApiToken.objects.filter(revoked_at=None).exists()


PAGES = ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"]


@pytest.mark.parametrize("page", PAGES)
def test_second_factors_need_reauthentication(long_ago: Client, page: str) -> None:
    assert asked(long_ago.get(reverse(page))) == reverse(page)


@pytest.mark.parametrize("page", PAGES[:2])
def test_a_sign_in_of_the_last_minutes_is_proof_enough(lately: Client, page: str) -> None:
    assert lately.get(reverse(page)).status_code == 200


def test_a_token_needs_no_second_proof_within_minutes(lately: Client) -> None:
    tokens = reverse("accounts:tokens")
    assert lately.post(tokens, SENT).headers["Location"] == tokens
    assert lately.post(reverse("accounts:revoke_token"), {"name": "notebook"}).status_code == 302
    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_a_session_alone_is_no_proof(client: Client, person: User) -> None:
    client.force_login(person)  # a session that nobody signed in for
    tokens, app = reverse("accounts:tokens"), reverse("mfa_activate_totp")
    assert asked(client.post(tokens, SENT)) == tokens
    assert asked(client.get(app)) == app
    assert asked(client.post(app, {"code": "123456"})) == app
    assert not ApiToken.objects.exists()
    assert not Authenticator.objects.exists()


def test_changing_the_address_needs_reauthentication(long_ago: Client) -> None:
    sent = {"action_add": "", "email": "other@example.org"}
    assert asked(long_ago.post(reverse("account_email"), sent)) == reverse("account_email")


def test_a_reload_makes_no_second_token_and_shows_none(lately: Client) -> None:
    tokens = reverse("accounts:tokens")
    made = lately.post(tokens, SENT)
    assert secrets_in(made) == []  # nothing to show on an answer that a reload would send again
    carried = made.cookies[JUST_MADE]
    assert (carried["httponly"], carried["samesite"]) == (True, "Strict")
    assert (carried["path"], carried["max-age"]) == (tokens, HANDED_S)
    page = lately.get(tokens)
    assert len(secrets_in(page)) == 1
    assert "no-store" in page.headers["Cache-Control"]
    assert page.cookies[JUST_MADE]["max-age"] == 0
    assert secrets_in(lately.get(tokens)) == []


def test_token_cookie_of_another_account_is_not_shown(lately: Client) -> None:
    made = lately.post(reverse("accounts:tokens"), SENT)
    other = Client()
    other.force_login(
        services.make_account(actor=SYSTEM, email="sam@example.org", password=PASSWORD)
    )
    other.cookies[JUST_MADE] = made.cookies[JUST_MADE].value
    assert secrets_in(other.get(reverse("accounts:tokens"))) == []
    other.cookies[JUST_MADE] = "cds_" + "x" * 43
    assert secrets_in(other.get(reverse("accounts:tokens"))) == []
