"""Tokens of one's own, and accounts for site admins."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.accounts import queries, rules, services
from codesign.accounts.models import ApiToken, OutgoingMail, User
from codesign.accounts.rules import TokenScope
from codesign.audit.models import Event
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from tests.factories.accounts import UserFactory
from tests.factories.studies import MemberFactory
from tests.support.counting import queries_of
from tests.support.sessions import shown_lately

pytestmark = pytest.mark.django_db
TOKENS = "accounts:tokens"


@pytest.fixture
def user() -> User:
    """Somebody who judges in a study."""
    judge: User = MemberFactory.create().user
    return judge


def test_a_token_is_shown_once_and_kept_as_a_hash(user: User, client: Client) -> None:
    client.force_login(user)
    sent = {"name": "notebook", "scopes": ["judge", "study:read"], "days": "30"}
    assert client.post(reverse(TOKENS), sent).headers["Location"] == reverse(TOKENS)
    page = client.get(reverse(TOKENS))
    match = re.search(rf"{rules.PREFIX}[\w-]{{43}}", page.content.decode())
    assert match
    assert "no-store" in page.headers["Cache-Control"]
    assert match[0] not in client.get(reverse(TOKENS)).content.decode()
    assert Event.objects.get(action=services.TOKEN_MADE).about_label == ""  # a person's own words
    token = ApiToken.objects.get()
    assert token.digest == rules.digest_of(match[0])
    assert queries.token_by_secret(match[0]) == token
    assert token.scopes == ["judge", "study:read"]
    assert token.expires_at - timezone.now() > timedelta(days=29)


@pytest.mark.parametrize(
    ("now", "valid"),
    [
        (datetime(2026, 3, 9, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 10, 13, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 10, 14, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 10, 23, 59, tzinfo=UTC), False),  # not until the end of its last day
        (datetime(2026, 3, 11, tzinfo=UTC), False),
    ],
)
def test_a_token_expires_at_the_minute_that_it_shows(now: datetime, valid: bool) -> None:
    ends = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    assert rules.is_valid(now=now, expires_at=ends, revoked_at=None) is valid
    assert not rules.is_valid(now=now, expires_at=ends, revoked_at=now - timedelta(days=1))


def test_a_token_is_listed_with_its_dates_and_what_it_may(user: User, client: Client) -> None:
    client.force_login(user)
    for scope in TokenScope:
        services.make_token(actor=Actor.of(user), user=user, name=scope, scopes=[scope], days=9)
    ApiToken.objects.filter(name="judge").update(expires_at=timezone.now() - timedelta(days=1))
    page = client.get(reverse(TOKENS)).content.decode()
    assert page.count("created on ") == len(TokenScope)
    assert page.count("expires on ") >= len(TokenScope) - 1
    assert page.count("expired on ") == 1
    for scope in TokenScope:
        offered = scope in (TokenScope.JUDGE, TokenScope.STUDY_READ)
        assert (
            page.count(str(scope.label)) == 1 + offered
        )  # at the token, and in the form where usable


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"scopes": []}, {"scopes": ["everything"]}, {"days": "0"}, {"days": "1000"},
     {"name": "taken"}],
)  # fmt: skip
def test_a_token_that_cannot_be_is_explained(
    user: User, client: Client, wrong: dict[str, str]
) -> None:
    client.force_login(user)
    services.make_token(actor=Actor.of(user), user=user, name="taken", scopes=["judge"], days=1)
    sent = {"name": "notebook", "scopes": ["judge"], "days": "30"} | wrong
    assert client.post(reverse(TOKENS), sent).status_code == 400
    assert ApiToken.objects.count() == 1


def test_only_the_owner_revokes_a_token(user: User, client: Client) -> None:
    services.make_token(actor=Actor.of(user), user=user, name="mine", scopes=["judge"], days=1)
    other = Client()
    other.force_login(UserFactory.create())
    address = reverse("accounts:revoke_token")
    assert other.post(address, {"name": "mine"}).status_code == 404
    client.force_login(user)
    assert client.get(address).status_code == 405
    assert client.post(address, {"name": "mine"}).status_code == 302
    assert not queries.tokens_of(actor=Actor.of(user)).exists()
    assert client.post(address, {"name": "mine"}).status_code == 404


def test_only_the_owner_creates_and_revokes_tokens(user: User) -> None:
    admin = Actor.of(UserFactory.create(is_site_admin=True))
    with pytest.raises(NotPermitted, match="Only the account's owner"):
        services.make_token(actor=admin, user=user, name="x", scopes=[TokenScope.JUDGE], days=1)
    with pytest.raises(NotPermitted, match="Only the account's owner"):
        services.revoke_token(actor=admin, user=user, name="x")
    with pytest.raises(NotPermitted, match="Only the account's owner"):
        services.set_password(actor=admin, user=user, password="a-quiet-field-of-barley-7")
    with pytest.raises(Invalid, match="what the token may do"):
        services.make_token(actor=Actor.of(user), user=user, name="x", scopes=[], days=1)


def test_a_site_admin_stops_an_account_with_its_tokens(user: User, client: Client) -> None:
    services.make_token(actor=Actor.of(user), user=user, name="mine", scopes=["judge"], days=1)
    theirs = Client()
    theirs.force_login(user)
    admin = UserFactory.create(is_site_admin=True)
    client.force_login(admin)
    shown_lately(client)
    address = reverse("accounts:set_active", kwargs={"user_id": user.id})
    asked = client.get(reverse("accounts:stop", kwargs={"user_id": user.id}))
    assert "signed out everywhere immediately" in asked.content.decode()
    user.refresh_from_db()
    assert user.is_active  # asking changes nothing
    assert theirs.post(address, {"active": "no"}).status_code == 403
    assert client.post(address, {"active": "no"}).status_code == 302
    assert theirs.get(reverse(TOKENS)).status_code == 302  # signed out
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert client.post(address, {"active": "yes"}).status_code == 302
    user.refresh_from_db()
    assert user.is_active
    with pytest.raises(Conflict, match="your own account"):
        services.set_active(actor=Actor.of(admin), user=admin, active=False)


def test_stopping_is_asked_about_first(user: User, client: Client) -> None:
    admin = UserFactory.create(is_site_admin=True)
    asks = reverse("accounts:stop", kwargs={"user_id": user.id})
    acts = reverse("accounts:set_active", kwargs={"user_id": user.id})
    client.force_login(user)
    assert client.get(asks).status_code == 403
    client.force_login(admin)
    shown_lately(client)
    listed = client.get(reverse("accounts:people")).content.decode()
    assert asks in listed
    assert f'action="{acts}"' not in listed  # nothing on the list stops anybody by one press
    assert client.post(asks).status_code == 405
    said = client.post(acts, {"active": "no"}, follow=True).content.decode()
    assert f"{user.email} can no longer sign in." in said
    assert f'action="{acts}"' in said  # opening again harms nobody
    assert client.get(asks).status_code == 302
    own = reverse("accounts:stop", kwargs={"user_id": admin.id})
    assert client.get(own).status_code == 302


def test_a_site_admin_invites(user: User, client: Client) -> None:
    client.force_login(UserFactory.create(is_site_admin=True))
    people = reverse("accounts:people")
    assert client.post(people, {"email": "new@example.org"}).status_code == 302
    assert reverse("account_signup") in OutgoingMail.objects.get().body
    again = client.post(people, {"email": user.email.upper()})  # has an account: the same answer
    assert (again.status_code, again.headers["Location"]) == (302, people)
    assert client.post(people, {"email": "nonsense"}).status_code == 400
    assert OutgoingMail.objects.count() == 2
    few = queries_of(client, people)
    UserFactory.create_batch(10)
    assert queries_of(client, people) == few


def test_only_site_admins_read_accounts(user: User) -> None:
    assert not queries.accounts(actor=Actor.of(user)).exists()
    with pytest.raises(NotPermitted, match="Only a site admin"):
        services.invite_account(
            actor=Actor.of(user), email="new@example.org", sign_up_url="https://example.org/"
        )
