"""Everybody chooses the language of pages, with and without an account (standards 5.5)."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from codesign.accounts.models import OutgoingMail, User
from codesign.accounts.services import choose_language, invite_account, make_account
from codesign.enrolment.services import invite
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Invalid
from codesign.studies.rules import Role
from tests.factories.accounts import UserFactory
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db
PAGE = reverse("accounts:language")
SIGN_IN = reverse("account_login")
PASSWORD = "a-lamp-and-a-quiet-river-41"


def language_of(page: Any) -> tuple[str, str]:
    """The language and direction that a page says it has."""
    html = page.content.decode()
    head = html[html.index("<html") : html.index("<head")]
    return head.split('lang="')[1].split('"')[0], head.split('dir="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("browser", "language"),
    [
        ("", ("en", "ltr")),
        ("es-419,es;q=0.9", ("es", "ltr")),
        ("ar-EG", ("ar", "rtl")),
        ("cy,fr;q=0.5", ("en", "ltr")),
        ("x" * 600, ("en", "ltr")),
    ],
)
def test_a_browser_that_asks_for_a_language_gets_it(browser: str, language: object) -> None:
    page = Client().get(SIGN_IN, headers={"Accept-Language": browser})
    assert language_of(page) == language
    assert page["Content-Language"] == language[0]
    assert {"Accept-Language", "Cookie"} <= set(page["Vary"].split(", "))


def choose(client: Client, language: str, back: str = "/help/") -> Any:
    return client.post(f"{PAGE}?next={back}", {"language": language})


def test_a_choice_without_an_account_stays_in_the_browser() -> None:
    client = Client(headers={"Accept-Language": "es"})
    answer = choose(client, "ar", back="/help/?next=%2F")
    assert (answer.status_code, answer.url) == (302, "/help/?next=/")
    cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert language_of(client.get(SIGN_IN)) == ("ar", "rtl")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "xx-unknown"
    assert language_of(client.get(SIGN_IN)) == ("es", "ltr")


@pytest.mark.parametrize(
    ("came", "back"),
    [
        ("http://testserver/help/?a=b", "/help/%3Fa%3Db"),
        ("http://testserver//elsewhere.example.org/", "/"),
        ("https://elsewhere.example.org/help/", "/"),
        ("http://[broken", "/"),
        ("", "/"),
    ],
)
def test_the_page_leads_back_to_where_somebody_came_from(came: str, back: str) -> None:
    page = Client(headers={"Referer": came}).get(PAGE)
    assert f'action="{PAGE}?next={back}"' in page.content.decode()


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example.org/", "//elsewhere.example.org", "javascript:1", ""]
)
def test_a_choice_never_leads_to_another_site(back: str) -> None:
    assert choose(Client(), "es", back=back).url == "/"


@pytest.mark.parametrize("language", ["", "xx", "EN", "es\r\nSet-Cookie: a=b", "a" * 5000])
def test_a_language_that_is_not_offered_is_refused(language: str) -> None:
    client = Client()
    answer = choose(client, language)
    assert answer.status_code == 400
    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
    with pytest.raises(Invalid, match="not available"):
        choose_language(user=UserFactory.create(), language=language)


def sign_in(client: Client, user: User) -> None:
    answer = client.post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()


def test_the_account_keeps_the_language_of_the_page_on_which_its_owner_signed_in() -> None:
    user = make_account(actor=SYSTEM, email="robin@example.org", password=PASSWORD)
    assert user.language == ""
    at_home = Client(headers={"Accept-Language": "es"})
    sign_in(at_home, user)
    elsewhere = Client(headers={"Accept-Language": "en"})
    sign_in(elsewhere, user)  # nobody chose a language on this page
    assert language_of(elsewhere.get(PAGE)) == ("es", "ltr")
    chosen = Client()
    choose(chosen, "ar")
    sign_in(chosen, user)
    assert language_of(elsewhere.get(PAGE)) == ("ar", "rtl")
    choose(elsewhere, "en")
    user.refresh_from_db()
    assert (user.language, language_of(chosen.get(PAGE))) == ("en", ("en", "ltr"))


def test_a_language_that_is_no_longer_offered_leaves_the_choice_to_the_browser() -> None:
    user = UserFactory.create(language="cy")
    client = Client(headers={"Accept-Language": "es"})
    client.force_login(user)
    assert language_of(client.get(PAGE)) == ("es", "ltr")


def test_the_api_answers_in_english() -> None:
    client = Client(headers={"Accept-Language": "ar"})
    client.force_login(UserFactory.create(language="ar"))
    answer = client.get("/api/v1/nowhere/")
    assert answer["Content-Language"] == "en"
    assert answer.json()["title"] == "Nothing was found at this address."


def test_the_page_says_how_complete_and_checked_each_language_is() -> None:
    page = Client().get(PAGE).content.decode()
    assert page.count("Not yet checked by a native speaker") == 2
    assert page.count("of all texts are translated") == 2
    assert 'lang="ar"' in page
    assert 'aria-pressed="true"' in page


def test_a_mail_is_in_the_language_of_its_reader() -> None:
    UserFactory.create(email="reader@example.org", language="ar")
    study = StudyFactory.create(title="Sleep", language="es")
    with translation.override("en"):
        invite_account(actor=SYSTEM, email="reader@example.org", sign_up_url="https://a.example")
        invite_account(actor=SYSTEM, email="nobody@example.org", sign_up_url="https://a.example")
        for email in ("reader@example.org", "nobody@example.org"):
            invite(actor=SYSTEM, study=study, email=email, roles=[Role.AUDITOR])
        assert translation.get_language() == "en"
    subjects = list(OutgoingMail.objects.order_by("created_at").values_list("to", "subject"))
    account, studying = (
        "You are invited to create an account on Codesign",
        "You are invited to a study",
    )
    wanted = [
        ("reader@example.org", "ar", account),
        ("nobody@example.org", "en", account),
        ("reader@example.org", "ar", studying),
        ("nobody@example.org", "es", studying),
    ]
    for (to, subject), (address, language, english) in zip(subjects, wanted, strict=True):
        with translation.override(language):
            assert (to, subject) == (address, translation.gettext(english))
