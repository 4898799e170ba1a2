"""What pages say about passkeys, and where they offer them (standards 7.8)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
ELSEWHERE = "Passkeys need a named address, such as localhost."
PAGES = ["account_login", "mfa_index", "mfa_list_webauthn", "mfa_add_webauthn"]


def shown(page: str, host: str) -> str:
    client = Client(headers={"Host": host})
    if page != "account_login":
        client.force_login(UserFactory.create())
    answer = client.get(reverse(page))
    assert answer.status_code == 200
    return re.sub(r"\s+</a>", "</a>", answer.content.decode())


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
def test_at_a_number_pages_say_where_passkeys_work(page: str, host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "[::1]"]
    settings.SITE_URL = "http://localhost:8000"
    text = shown(page, host)
    assert ELSEWHERE in text
    assert f'<a href="http://localhost:8000{reverse(page)}">http://localhost:8000</a>' in text
    for offer in ("passkey_login", "mfa_webauthn_add", "Add a passkey</a>", "webauthn.js"):
        assert offer not in text


@pytest.mark.parametrize("page", PAGES)
def test_at_a_name_they_offer_them(page: str, settings: Any) -> None:
    text = shown(page, "localhost:8000")
    assert ELSEWHERE not in text
    assert any(
        offer in text for offer in ("passkey_login", "mfa_webauthn_add", "Add a passkey</a>")
    )


def test_no_passkey_address_is_shown_without_a_named_site(settings: Any) -> None:
    settings.SITE_URL = "http://192.0.2.1:8000"
    text = shown("account_login", "127.0.0.1")
    assert ELSEWHERE in text
    assert "To use passkeys, open" not in text


def test_passkey_signs_in_alone_unless_unticked() -> None:
    text = shown("mfa_add_webauthn", "localhost")
    box = text.split('name="passwordless"')[1].split(">")[0]
    assert "checked" in box
    assert "cannot sign in without it" in text
