"""Signing up, and what ends when somebody proves that an address is theirs (decision 18)."""

from __future__ import annotations

import logging
import uuid

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import queries, rules
from codesign.accounts.models import ApiToken, User
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotPermitted

log = logging.getLogger(__name__)

WAYS_IN_ENDED = action(
    "accounts.ways_in_ended",
    gettext_lazy("proved an address, which ended all earlier ways to sign in"),
)
UNPROVEN_DELETED = action(
    "accounts.unproven_deleted", gettext_lazy("deleted an account with an unproven address")
)
CHOSEN = "chosen_at_sign_up"
"""Session key: the account and the hashed password that a sign-up in this browser asked for."""


@transaction.atomic
def sign_up(*, session: SessionBase, email: str, hashed_password: str) -> User | None:
    """Return the unproven account of an address, made if needed; None if somebody has proven it.

    Nothing that a stranger chooses is kept with the account: the hashed password stays in the
    session of the browser that signed up, and counts only if the mailed code is typed there
    (`keep_chosen_password`). Several people may sign up with one address at the same time.
    """
    user = _lock_unproven(email) or _make_unproven(email)
    if user is None:
        return None
    user.joined_at = timezone.now()
    user.save(update_fields=["joined_at"])
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    session[CHOSEN] = {"user": str(user.id), "password": hashed_password}
    return user


def _make_unproven(email: str) -> User | None:
    """Make an account without any way in; None if its address was taken in the meantime."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email.lower(), None)
    except IntegrityError:
        return _lock_unproven(email)


def _lock_unproven(email: str) -> User | None:
    user = User.objects.select_for_update().filter(email__iexact=email.strip()).first()
    return user if user and queries.is_unproven(user) else None


@transaction.atomic
def end_earlier_ways_in(*, user_id: uuid.UUID) -> None:
    """End every password, passkey, app, recovery code, token and session of an account.

    Called before an address of the account counts as proven: the people who created these had not
    shown that the address is theirs. The changed password hash ends all sessions and reset links.
    """
    user = User.objects.select_for_update().get(id=user_id)
    had_password = user.has_usable_password()
    user.set_unusable_password()
    user.save(update_fields=["password"])
    keys = Authenticator.objects.filter(user=user).delete()[0]
    tokens = ApiToken.objects.not_revoked().filter(user=user).update(revoked_at=timezone.now())
    if had_password or keys or tokens:
        audit.record(
            actor=Actor.of(user),
            action=WAYS_IN_ENDED,
            about=("user", user.id, ""),
            data={"password": had_password, "keys": keys, "tokens": tokens},
        )


@transaction.atomic
def keep_chosen_password(*, session: SessionBase, user: User) -> None:
    """Give the account the password that was chosen at sign-up in this browser, if any."""
    chosen = session.pop(CHOSEN, None)
    if chosen and chosen["user"] == str(user.id):
        User.objects.filter(id=user.id).update(password=chosen["password"])


@transaction.atomic
def choose_password(*, user: User, password: str) -> None:
    """Set a password for a person who is signed in or followed a reset link.

    Refused if the password changed since the request read `user`, because the session of the
    request may have ended.
    """
    _require_current(user)
    user.set_password(password)
    user.save(update_fields=["password"])


def _require_current(user: User) -> None:
    """Lock the account; refuse a request whose session has ended in the meantime."""
    if User.objects.select_for_update().get(id=user.id).password != user.password:
        raise Conflict(_("You have been signed out. Please sign in again."))


@transaction.atomic
def require_proven(*, user: User) -> None:
    """Refuse a new token, passkey, app or code unless an address of the account is proven.

    Also refuse a request whose session has ended since it started.
    """
    _require_current(user)
    if not queries.has_proven_address(user_id=user.id):
        raise NotPermitted(_("Please confirm your e-mail address first."))


@transaction.atomic
def free_address(*, email: str) -> None:
    """Delete the unproven account with this address, because the address has an owner now."""
    if user := _lock_unproven(email):
        _delete_unproven(user)


def _delete_unproven(user: User) -> None:
    user_id = user.id
    user.delete()
    audit.record(actor=SYSTEM, action=UNPROVEN_DELETED, about=("user", user_id, ""))


def forget_unproven() -> int:
    """Delete accounts whose address was not proven within a day. Return the number deleted.

    Each has its own transaction, so that one that cannot be deleted does not stop the others.
    """
    deleted = 0
    for user_id in queries.unproven_for(rules.UNPROVEN_LIFE):
        try:
            with transaction.atomic():
                user = User.objects.select_for_update(skip_locked=True).filter(id=user_id).first()
                if user and queries.is_unproven(user):
                    _delete_unproven(user)
                    deleted += 1
        except (ProtectedError, DatabaseError) as error:
            log.warning("could not delete an unproven account (%s)", type(error).__name__)
    return deleted
