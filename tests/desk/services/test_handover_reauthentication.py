"""A site admin needs a recent sign-in to change other accounts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.accounts import services as accounts
from codesign.accounts.models import OutgoingMail
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Handover
from tests.support.outbox import code_in
from tests.support.sessions import shown_lately
from tests.support.site import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("password", [True, False])
def test_old_sign_in_needs_reauthentication(site: Site, password: bool) -> None:
    if password:
        site.ada.set_password("a-lamp-and-a-quiet-river-41")
        site.ada.save()
    ada = Client()
    ada.force_login(site.ada)
    shown_lately(ada, seconds_ago=301)
    slug = {"slug": site.study.slug}
    stop = reverse("accounts:set_active", kwargs={"user_id": site.cora.user_id})
    asks: list[tuple[str, dict[str, str]]] = [(stop, {"active": "no"})]
    accounts.set_active(actor=SYSTEM, user=site.cora.user, active=False)
    asks.append((reverse("desk:coordinator", kwargs=slug), {"email": "new@example.org"}))
    accounts.set_active(actor=SYSTEM, user=site.cora.user, active=True)
    for address, sent in asks:
        answer: Any = ada.post(address, sent)
        if password:
            assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
        else:
            assert answer.status_code == 403
            assert "Please sign in again" in answer.content.decode()
    site.cora.user.refresh_from_db()
    assert site.cora.user.is_active
    assert not Handover.objects.exists()


def test_one_site_admin_without_a_password_signs_in_again_by_a_code(site: Site) -> None:
    ada = Client()
    ada.force_login(site.ada)
    stop = reverse("accounts:set_active", kwargs={"user_id": site.cora.user_id})
    assert ada.post(stop, {"active": "no"}).status_code == 403
    ada.post(reverse("account_logout"))
    ada.post(reverse("account_request_login_code"), {"email": "ada@example.org"})
    code = code_in(OutgoingMail.objects.latest("created_at").body)
    assert ada.post(reverse("account_confirm_login_code"), {"code": code}).status_code == 302
    assert ada.post(stop, {"active": "no"}).headers["Location"] == reverse("accounts:people")
