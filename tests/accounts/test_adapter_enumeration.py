"""No page reveals whether an address has an account, by its content or its duration."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import global_settings
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from codesign.accounts import services
from codesign.accounts.models import OutgoingMail
from codesign.shared.actors import SYSTEM
from tests.factories.accounts import UserFactory
from tests.support.sessions import clear_limits

pytestmark = pytest.mark.django_db
PASSWORD = "a-lamp-and-a-quiet-river-41"
KNOWN: dict[str, Callable[[str], Any]] = {
    "proven": lambda email: services.make_account(actor=SYSTEM, email=email, password=PASSWORD),
    "unproven": lambda email: UserFactory.create(email=email, verified=False),
    "none": lambda email: None,
}


def plain(answer: Any, email: str) -> tuple[int, str, str]:
    """Return a page without tokens and without the address that was typed."""
    page = re.sub(r'value="[\w-]{60,}"|"X-CSRFToken": "\w+', "", answer.content.decode())
    return answer.status_code, answer.headers.get("Location", ""), page.replace(email, "")


def signing_up(client: Client, email: str) -> list[Any]:
    sent = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    confirm = reverse("account_email_verification_sent")
    return [
        client.post(reverse("account_signup"), sent),
        client.get(confirm),
        *(client.post(confirm, {"code": f"AAA-AA{n}"}) for n in range(4)),
        client.get(reverse("account_login")),
    ]


def asking_for_a_code(client: Client, email: str) -> list[Any]:
    confirm = reverse("account_confirm_login_code")
    return [
        client.post(reverse("account_request_login_code"), {"email": email}),
        client.get(confirm),
        *(client.post(confirm, {"code": f"AAA-AA{n}"}) for n in range(4)),
        client.get(reverse("account_request_login_code")),
    ]


def resetting(client: Client, email: str) -> list[Any]:
    return [
        client.post(reverse("account_reset_password"), {"email": email}),
        client.get(reverse("account_reset_password_done")),
    ]


def mistyping(client: Client, email: str) -> list[Any]:
    return [
        client.post(reverse("account_login"), {"login": email, "password": "wrong"})
        for _ in range(7)
    ]


def changing(client: Client, email: str) -> list[Any]:
    own = {"login": "own@example.org", "password": PASSWORD}
    confirm = reverse("account_email_verification_sent")
    client.post(reverse("account_login"), own)
    return [
        client.post(reverse("account_email"), {"action_add": "", "email": email}),
        client.get(confirm),
        *(client.post(confirm, {"code": f"AAA-AA{n}"}) for n in range(4)),
        client.get(reverse("account_email")),
    ]


@pytest.mark.parametrize("door", [signing_up, asking_for_a_code, resetting, mistyping, changing])
def test_pages_do_not_reveal_whether_an_account_exists(
    door: Callable[[Client, str], list[Any]],
) -> None:
    services.make_account(actor=SYSTEM, email="own@example.org", password=PASSWORD)
    seen, mails = {}, {}
    for kind, make in KNOWN.items():
        email = f"{kind}@example.org"
        make(email)
        clear_limits()
        OutgoingMail.objects.all().delete()
        seen[kind] = [plain(answer, email) for answer in door(Client(), email)]
        mails[kind] = OutgoingMail.objects.count()
    assert seen["proven"] == seen["none"]
    assert seen["unproven"] == seen["none"]
    assert len(set(mails.values())) == 1


def test_signing_up_takes_as_long_for_an_address_that_is_taken(settings: Any) -> None:
    """The password is hashed each time, so the duration reveals nothing.

    Hashed as in production: the hasher of tests is so quick that the rest of the request decides.
    """
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    spent: dict[str, list[float]] = {kind: [] for kind in KNOWN}
    for turn in range(3):
        for kind, make in KNOWN.items():
            email = f"{kind}{turn}@example.org"
            make(email)
            client = Client()
            client.get(reverse("account_signup"))
            began = time.thread_time()
            client.post(
                reverse("account_signup"),
                {"email": email, "password1": PASSWORD, "password2": PASSWORD},
            )
            spent[kind].append(time.thread_time() - began)
    least = {kind: min(times) for kind, times in spent.items()}
    assert max(least.values()) < 1.5 * min(least.values()), least


def test_a_taken_address_is_written_to_by_its_own_mail(mailoutbox: list[EmailMessage]) -> None:
    KNOWN["proven"]("sam@example.org")
    signing_up(Client(), "sam@example.org")
    assert [mail.subject for mail in OutgoingMail.objects.all()] == ["You already have an account"]
