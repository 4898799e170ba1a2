"""Credentials that were made before the e-mail address was confirmed stop working after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.accounts import queries, services
from codesign.accounts.models import ApiToken, User
from codesign.accounts.services import proofs
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotPermitted
from tests.factories.accounts import UserFactory
from tests.factories.studies import MemberFactory
from tests.support.outbox import code_in, post_mail
from tests.support.sessions import clear_limits
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
VICTIM = "robin@example.org"
ATTACKERS = "the-attackers-own-lamp-17"
OWNERS = "a-lamp-and-a-quiet-river-41"
SIGN_UP, SIGN_IN = "account_signup", "account_login"
CONFIRM = "account_email_verification_sent"


def sign_up(client: Client, password: str, email: str = VICTIM) -> Any:
    sent = {"email": email, "password1": password, "password2": password}
    return client.post(reverse(SIGN_UP), sent)


def sign_in(client: Client, password: str, email: str = VICTIM) -> bool:
    client.post(reverse(SIGN_IN), {"login": email, "password": password})
    return is_in(client)


def is_in(client: Client) -> bool:
    return bool(client.get(reverse("account_email")).status_code == 200)


def last_code(mailoutbox: list[EmailMessage]) -> str:
    post_mail()
    return code_in(mailoutbox[-1])


def by_code(client: Client, mailoutbox: list[EmailMessage], email: str = VICTIM) -> None:
    """The owner signs in by a mailed code."""
    client.post(reverse("account_request_login_code"), {"email": email})
    client.post(reverse("account_confirm_login_code"), {"code": last_code(mailoutbox)})
    assert is_in(client)


def as_before(password: str = ATTACKERS) -> User:
    """Return an account of an earlier version, which stored a password before confirmation."""
    user = UserFactory.create(email=VICTIM, verified=False)
    user.set_password(password)
    user.save()
    return user


def with_key(user: User) -> None:
    """Return an account with a key that an earlier version allowed before confirmation."""
    key = Authenticator(user=user, type=Authenticator.Type.RECOVERY_CODES, data={})
    Authenticator.objects.bulk_create([key])


def test_a_strangers_sign_up_does_not_open_the_account_that_a_code_proves(
    mailoutbox: list[EmailMessage],
) -> None:
    attacker, owner = Client(), Client()
    sign_up(attacker, ATTACKERS)
    by_code(owner, mailoutbox)
    assert not sign_in(Client(), ATTACKERS)
    assert not is_in(attacker)
    assert not User.objects.get(email=VICTIM).has_usable_password()


def test_the_browser_that_signed_up_and_typed_the_code_keeps_its_password(
    mailoutbox: list[EmailMessage],
) -> None:
    owner = Client()
    sign_up(owner, OWNERS)
    owner.post(reverse(CONFIRM), {"code": last_code(mailoutbox)})
    assert is_in(owner)
    assert sign_in(Client(), OWNERS)


def test_of_two_sign_ups_the_one_that_enters_the_code_keeps_its_password(
    mailoutbox: list[EmailMessage],
) -> None:
    attacker, owner = Client(), Client()
    sign_up(attacker, ATTACKERS)
    first = last_code(mailoutbox)
    clear_limits()
    sign_up(owner, OWNERS)
    owner.post(reverse(CONFIRM), {"code": last_code(mailoutbox)})
    assert is_in(owner)
    assert sign_in(Client(), OWNERS)
    assert not sign_in(Client(), ATTACKERS)
    attacker.post(reverse(CONFIRM), {"code": first})  # a code that has come too late
    assert not is_in(attacker)
    assert not sign_in(Client(), ATTACKERS)
    assert User.objects.filter(email=VICTIM).count() == 1


@pytest.mark.django_db(transaction=True)
def test_sign_ups_of_one_address_at_the_same_time_make_one_account() -> None:
    done = at_once(*[lambda: sign_up(Client(), ATTACKERS).status_code for _ in range(4)])
    assert set(done) <= {302, 429}
    assert 302 in done
    assert User.objects.filter(email=VICTIM).count() == 1
    assert EmailAddress.objects.filter(email=VICTIM).count() == 1


def test_credentials_of_an_earlier_version_end_too(mailoutbox: list[EmailMessage]) -> None:
    user = as_before()
    with_key(user)
    ApiToken.objects.create(
        user=user,
        name="n",
        digest="d",
        scopes=["judge"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    attacker = Client()
    attacker.force_login(user)
    by_code(Client(), mailoutbox)
    assert not is_in(attacker)
    assert not sign_in(Client(), ATTACKERS)
    assert not Authenticator.objects.filter(user=user).exists()
    assert not ApiToken.objects.filter(user=user, revoked_at=None).exists()
    event = Event.objects.get(action="accounts.ways_in_ended")
    assert event.data == {"password": True, "keys": 1, "tokens": 1}


def test_a_password_that_waits_for_the_code_ends_when_another_browser_proves(
    mailoutbox: list[EmailMessage],
) -> None:
    """The attacker signs in with a password kept by an earlier version, and keeps the page open."""
    as_before()
    attacker = Client()
    assert not sign_in(attacker, ATTACKERS)
    old_code = last_code(mailoutbox)
    by_code(Client(), mailoutbox)
    attacker.post(reverse(CONFIRM), {"code": old_code})
    assert not is_in(attacker)
    assert not sign_in(attacker, ATTACKERS)


def test_a_reset_link_proves_the_address_and_ends_the_rest(
    mailoutbox: list[EmailMessage],
) -> None:
    user = as_before()
    with_key(user)
    owner = Client()
    owner.post(reverse("account_reset_password"), {"email": VICTIM})
    post_mail()
    link = next(w for w in str(mailoutbox[-1].body).split() if "/password/reset/key/" in w)
    form = owner.get(link.replace("http://testserver", "")).headers["Location"]
    owner.post(form, {"password1": OWNERS, "password2": OWNERS})
    assert EmailAddress.objects.get(user=user).verified
    assert not Authenticator.objects.filter(user=user).exists()
    assert not sign_in(Client(), ATTACKERS)
    assert sign_in(Client(), OWNERS)


def test_a_reset_of_a_proven_account_keeps_its_second_step(mailoutbox: list[EmailMessage]) -> None:
    user = services.make_account(actor=SYSTEM, email=VICTIM, password=ATTACKERS)
    RecoveryCodes.activate(user)
    owner = Client()
    owner.post(reverse("account_reset_password"), {"email": VICTIM})
    post_mail()
    link = next(w for w in str(mailoutbox[-1].body).split() if "/password/reset/key/" in w)
    form = owner.get(link.replace("http://testserver", "")).headers["Location"]
    owner.post(form, {"password1": OWNERS, "password2": OWNERS})
    assert Authenticator.objects.filter(user=user).exists()


def test_changing_the_address_ends_earlier_credentials(
    mailoutbox: list[EmailMessage],
) -> None:
    """A clinic can make accounts with its own addresses and hand them over."""
    user = services.make_account(actor=SYSTEM, email="desk@example.org", password=ATTACKERS)
    clinic, owner = Client(), Client()
    assert sign_in(clinic, ATTACKERS, "desk@example.org")
    services.make_token(actor=Actor.of(user), user=user, name="n", scopes=["judge"], days=1)
    RecoveryCodes.activate(user)
    by_hand = {"login": "desk@example.org", "password": ATTACKERS}
    owner.post(reverse(SIGN_IN), by_hand)
    code = RecoveryCodes(Authenticator.objects.get(user=user)).get_unused_codes()[0]
    owner.post(reverse("mfa_authenticate"), {"code": code})
    owner.post(reverse("account_email"), {"action_add": "", "email": VICTIM})
    answer = owner.post(reverse(CONFIRM), {"code": last_code(mailoutbox)}, follow=True)
    assert "no longer work" in answer.content.decode()
    assert is_in(owner)  # stays signed in where the code was typed
    assert not is_in(clinic)
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert not Authenticator.objects.exists()
    for email in ("desk@example.org", VICTIM):
        assert not sign_in(Client(), ATTACKERS, email)


def test_a_squatter_does_not_keep_an_owner_from_changing_to_their_address(
    mailoutbox: list[EmailMessage],
) -> None:
    sign_up(Client(), ATTACKERS)
    services.make_account(actor=SYSTEM, email="old@example.org", password=OWNERS)
    owner = Client()
    assert sign_in(owner, OWNERS, "old@example.org")
    clear_limits()
    owner.post(reverse("account_email"), {"action_add": "", "email": VICTIM})
    owner.post(reverse(CONFIRM), {"code": last_code(mailoutbox)})
    assert EmailAddress.objects.get(email=VICTIM).verified
    assert User.objects.get().email == VICTIM


def test_an_admin_makes_an_account_whatever_a_stranger_signed_up_with() -> None:
    attacker = Client()
    sign_up(attacker, ATTACKERS)
    made = services.make_account(actor=SYSTEM, email="Robin@Example.org", password=None)
    assert User.objects.get() == made
    assert not sign_in(attacker, ATTACKERS)


def test_capital_letters_do_not_keep_anybody_out(mailoutbox: list[EmailMessage]) -> None:
    services.make_account(actor=SYSTEM, email="Robin@Example.org", password=OWNERS)
    assert sign_in(Client(), OWNERS, "ROBIN@example.org")
    by_code(Client(), mailoutbox, "Robin@example.ORG")


def test_no_key_or_token_before_the_address_is_proven() -> None:
    user = as_before()
    client = Client()
    client.force_login(user)  # a session that the doors would not give
    for page in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        client.post(reverse(page), {"code": "123456"})
    with pytest.raises(NotPermitted, match="confirm your e-mail"):
        RecoveryCodes.activate(user)
    assert not Authenticator.objects.exists()
    with pytest.raises(NotPermitted, match="confirm your e-mail"):
        services.make_token(actor=Actor.of(user), user=user, name="n", scopes=["judge"], days=1)


def test_the_waiting_page_takes_no_other_address(mailoutbox: list[EmailMessage]) -> None:
    """An attacker cannot sign up, receive a code, and then change to a victim's address."""
    attacker = Client()
    sign_up(attacker, ATTACKERS, "attacker@example.org")
    code = last_code(mailoutbox)
    attacker.post(reverse(CONFIRM), {"action": "change", "email": VICTIM})
    assert not User.objects.filter(email=VICTIM).exists()
    attacker.post(reverse(CONFIRM), {"code": code})
    assert not EmailAddress.objects.filter(email=VICTIM).exists()


def test_a_second_address_counts_only_once_it_is_proven(mailoutbox: list[EmailMessage]) -> None:
    services.make_account(actor=SYSTEM, email="attacker@example.org", password=ATTACKERS)
    attacker = Client()
    assert sign_in(attacker, ATTACKERS, "attacker@example.org")
    attacker.post(reverse("account_email"), {"action_add": "", "email": VICTIM})
    assert not EmailAddress.objects.filter(email=VICTIM).exists()
    clear_limits()
    owner = Client()
    sign_up(owner, OWNERS)
    owner.post(reverse(CONFIRM), {"code": last_code(mailoutbox)})
    assert is_in(owner)
    assert User.objects.get(email=VICTIM) != User.objects.get(email="attacker@example.org")


def test_code_requested_in_another_browser_does_not_sign_in(
    mailoutbox: list[EmailMessage],
) -> None:
    attacker, owner = Client(), Client()
    sign_up(attacker, ATTACKERS)
    clear_limits()
    attacker_browser = Client()
    attacker_browser.post(reverse("account_request_login_code"), {"email": VICTIM})
    code = last_code(mailoutbox)
    owner.get(reverse("account_confirm_login_code"))
    owner.post(reverse("account_confirm_login_code"), {"code": code})
    assert not is_in(owner)
    assert not is_in(attacker_browser)


def test_a_request_of_a_session_that_ends_meanwhile_makes_nothing() -> None:
    """The request reads the account before the confirmation and writes after it."""
    user = services.make_account(actor=SYSTEM, email=VICTIM, password=ATTACKERS)
    read_before = User.objects.get(id=user.id)
    proofs.end_earlier_ways_in(user_id=user.id)
    with pytest.raises(Conflict, match="signed out"):
        RecoveryCodes.activate(read_before)
    with pytest.raises(Conflict, match="signed out"):
        proofs.choose_password(user=read_before, password=ATTACKERS)
    with pytest.raises(Conflict, match="signed out"):
        services.make_token(
            actor=Actor.of(user), user=read_before, name="n", scopes=["judge"], days=1
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_using_a_password_while_the_address_is_proven_leaves_nobody_in(turn: int) -> None:
    user = as_before()
    attacker = Client()

    def prove() -> None:
        address = EmailAddress.objects.get(user=user)
        address.verified = True
        address.save()

    at_once(lambda: sign_in(attacker, ATTACKERS), prove)
    assert not is_in(attacker)
    assert not sign_in(Client(), ATTACKERS)


def long_ago(user: User) -> User:
    User.objects.filter(id=user.id).update(joined_at=timezone.now() - timedelta(hours=25))
    return user


def test_only_unproven_accounts_are_deleted_after_a_day() -> None:
    sign_up(Client(), ATTACKERS, "yesterday@example.org")
    long_ago(User.objects.get(email="yesterday@example.org"))
    sign_up(Client(), ATTACKERS, "today@example.org")
    kept = {
        long_ago(UserFactory.create(email="proven@example.org")),
        long_ago(services.make_account(actor=SYSTEM, email="made@example.org", password=None)),
        User.objects.get(email="today@example.org"),
    }
    stays = long_ago(UserFactory.create(email="member@example.org", verified=False))
    MemberFactory.create(user=stays)
    gone_too = long_ago(UserFactory.create(email="last@example.org", verified=False))
    assert queries.unproven_for(timedelta(days=1))
    assert proofs.forget_unproven() == 2
    left = set(User.objects.filter(id__in=[u.id for u in {*kept, stays, gone_too}]))
    assert left == {*kept, stays}
    assert Event.objects.filter(action="accounts.unproven_deleted").count() == 2


def test_code_for_a_deleted_account_is_refused_with_a_message(
    mailoutbox: list[EmailMessage],
) -> None:
    client, other = Client(), Client()
    sign_up(client, OWNERS)
    code = last_code(mailoutbox)
    clear_limits()
    other.post(reverse("account_request_login_code"), {"email": VICTIM})
    login_code = last_code(mailoutbox)
    long_ago(User.objects.get())
    proofs.forget_unproven()
    assert client.post(reverse(CONFIRM), {"code": code}).status_code < 500
    answer = other.post(reverse("account_confirm_login_code"), {"code": login_code})
    assert answer.status_code < 500
    assert not is_in(client)
    assert not is_in(other)
    assert Session.objects.exists()
