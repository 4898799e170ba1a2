"""Making accounts and tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.accounts import queries, rules
from codesign.accounts.models import ApiToken, Identity, OutgoingMail, SignInMemory, User
from codesign.accounts.services import proofs
from codesign.accounts.services.outbox import send_mail
from codesign.accounts.signals import account_switched, address_verified
from codesign.audit import services as audit
from codesign.audit.registry import OnErasure, action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.visible import shows_nothing

log = logging.getLogger(__name__)

ACCOUNT_MADE = action("accounts.made", "made an account", OnErasure.SHRED)
TOKEN_MADE = action("accounts.token_made", "made an API token")
TOKEN_REVOKED = action("accounts.token_revoked", "revoked an API token")
ACCOUNT_INVITED = action("accounts.invited", "invited somebody to make an account")
ACCOUNT_STOPPED = action("accounts.stopped", "stopped an account")
ACCOUNT_OPENED = action("accounts.opened", "opened a stopped account again")


@transaction.atomic
def make_account(
    *,
    actor: Actor,
    email: str,
    password: str | None,
    name: str = "",
    is_site_admin: bool = False,
) -> User:
    """Make an account whose address counts as verified (demo, site admin).

    Without a password its owner signs in by a code that comes by mail. Only the system and site
    admins make another site admin. An unproven account with this address is deleted first, so
    that nobody can block the address by a sign-up.
    """
    if is_site_admin:
        _require_site_admin(actor)
    proofs.free_address(email=email)
    user = User.objects.create_user(email.lower(), None, is_site_admin=is_site_admin)
    Identity.objects.create(user=user, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    user.refresh_from_db(fields=["password"])  # the proof ended the one before
    if password is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
    audit.record(
        actor=actor,
        action=ACCOUNT_MADE,
        about=("user", user.id, ""),
        personal=(user.id, {"email": user.email}),
    )
    address_verified.send(sender=User, user=user, email=user.email)
    return user


def _require_site_admin(actor: Actor) -> None:
    if not (actor.is_system or actor.is_site_admin):
        raise NotPermitted("Only a site admin may do this.")


@transaction.atomic
def invite_account(*, actor: Actor, email: str, sign_up_url: str) -> OutgoingMail:
    """Write to somebody that they may make an account; the address is proven when they do.

    The same mail and the same answer, whether there is an account with the address or not.
    """
    _require_site_admin(actor)
    mail = send_mail(
        to=email,
        subject=_("You may make an account on Codesign"),
        body=_(
            "Somebody who looks after this site has asked us to write to you. You can make an "
            "account with this address here:\n\n%(url)s\n\nIf you have an account already, sign "
            "in as always. If you did not expect this, you need do nothing."
        )
        % {"url": sign_up_url},
    )
    audit.record(actor=actor, action=ACCOUNT_INVITED, about=("outgoing_mail", mail.id, ""))
    return mail


@transaction.atomic
def set_active(*, actor: Actor, user: User, active: bool) -> User:
    """Stop an account, and its tokens and sessions with it, or open it again.

    Other site admins are told where it is one of theirs; studies tell their staff.
    """
    _require_site_admin(actor)
    if actor.user_id == user.id and not active:
        raise Conflict("You cannot stop your own account.")
    user = User.objects.select_for_update().get(id=user.id)
    if user.is_active == active:
        return user
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        ApiToken.objects.not_revoked().filter(user=user).update(revoked_at=timezone.now())
    audit.record(
        actor=actor,
        action=ACCOUNT_OPENED if active else ACCOUNT_STOPPED,
        about=("user", user.id, ""),
    )
    if user.is_site_admin:
        _tell_site_admins(actor, user)
    account_switched.send(sender=User, actor=actor, user=user, active=active)
    return user


def _tell_site_admins(actor: Actor, user: User) -> None:
    """Nobody loses the others' eyes in silence: the account itself is told too."""
    said = _("%(email)s is a site admin and can sign in again. Another site admin decided this.")
    if not user.is_active:
        said = _(
            "%(email)s is a site admin and cannot sign in any more. Another site admin decided "
            "this. If it is wrong, please tell the people who run this site."
        )
    subject = _("The sign-in of a site admin was changed")
    for admin in queries.site_admins():
        if admin.id != actor.user_id:
            send_mail(to=admin.email, subject=subject, body=said % {"email": user.email})


def forget_tries() -> int:
    """Drop what sign-in need not remember any more, and forms that nobody came back for.

    Both are personal. Returns how many rows.
    """
    return SignInMemory.objects.filter(expires__lt=timezone.now()).delete()[0]


def forget_sessions() -> int:
    """Drop sessions that have ended; how many."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def _require_own(actor: Actor, user: User) -> None:
    if not actor.is_system and actor.user_id != user.id:
        raise NotPermitted("Only the person themselves can do this.")


@transaction.atomic
def make_token(
    *, actor: Actor, user: User, name: str, scopes: Iterable[str], days: int
) -> tuple[ApiToken, str]:
    """Make a token; the secret is returned this once and kept only as a hash.

    Refused for an account whose address nobody has proven.
    """
    _require_own(actor, user)
    proofs.require_proven(user=user)
    name = " ".join(name.split())
    if shows_nothing(name):
        raise Invalid("Give the token a name.", {"name": ["Give the token a name."]})
    if not 1 <= days <= rules.LONGEST_DAYS:
        sentence = f"Choose between 1 and {rules.LONGEST_DAYS} days."
        raise Invalid(sentence, {"days": [sentence]})
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in set(rules.TokenScope)]
    if unknown or not wanted:
        raise Invalid("Choose what the token may do.", {"scopes": ["Choose from the list."]})
    if ApiToken.objects.not_revoked().filter(user=user, name=name).exists():
        sentence = "You have a token of this name. Choose another name, or revoke that one first."
        raise Invalid(sentence, {"name": [sentence]})
    secret = rules.new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=rules.digest_of(secret),
        scopes=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(actor=actor, action=TOKEN_MADE, about=("api_token", token.id, ""))
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Actor, user: User, name: str) -> None:
    """End a token at once; other tokens of the person stay."""
    _require_own(actor, user)
    token = ApiToken.objects.not_revoked().select_for_update().filter(user=user, name=name).first()
    if token is None:
        raise NotFound("There is no such token.")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(actor=actor, action=TOKEN_REVOKED, about=("api_token", token.id, ""))


PASSWORD_SET = action("accounts.password_set", "set an account's password")


@transaction.atomic
def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give an account another password; sessions that were signed in with the old one end."""
    _require_own(actor, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(actor=actor, action=PASSWORD_SET, about=("user", user.id, ""))


@transaction.atomic
def renew_token(
    *, actor: Actor, user: User, name: str, scopes: Iterable[str], days: int
) -> tuple[ApiToken, str]:
    """Put a new token in the place of the one of that name, which ends at once."""
    if ApiToken.objects.not_revoked().filter(user=user, name=name).exists():
        revoke_token(actor=actor, user=user, name=name)
    return make_token(actor=actor, user=user, name=name, scopes=scopes, days=days)
