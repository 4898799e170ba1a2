"""Reading accounts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.accounts import rules
from codesign.accounts.models import ApiToken, User
from codesign.accounts.registry import ROLES_HELD, SCOPE_ROLES
from codesign.audit import queries as audit
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.compiled_queries import CompiledQuery
from codesign.shared.errors import NotFound

MAIL = "mail"
"""The kind of job that sends a mail."""


@CompiledQuery
def _tokens(digest: str) -> QuerySet[ApiToken]:
    return ApiToken.objects.select_related("user").filter(digest=digest)


def token_by_secret(secret: str) -> ApiToken | None:
    """Return the token with that secret, and its person. One query."""
    return _tokens.first(digest=rules.digest_of(secret)) if secret else None


def user_by_email(email: str) -> User | None:
    """Return the account with that address, regardless of case."""
    return User.objects.filter(email__iexact=email.strip()).first()


def chosen_language(user: Any) -> str:
    """Return the language that a person reads pages in; empty without an account or a choice."""
    language = getattr(user, "language", "")
    return language if rules.is_interface_language(language) else ""


def language_of(user: User) -> str:
    """Return the language in which to write to a person: as chosen, else English."""
    return chosen_language(user) or settings.LANGUAGE_CODE


def language_of_reader(email: str, *, otherwise: str = "") -> str:
    """Return the language of a mail: that of the reader's account, else `otherwise`, else English.

    `otherwise` may be any language, such as that of a study.
    """
    chosen = chosen_language(user_by_email(email))
    known = otherwise if rules.is_interface_language(otherwise) else settings.LANGUAGE_CODE
    return chosen or known


def actor_named(email: str | None) -> Actor:
    """Return the actor of a command: `--as EMAIL`, or the system."""
    if not email:
        return SYSTEM
    user = user_by_email(email)
    if user is None:
        raise NotFound(_("There is no account with the address %(email)s.") % {"email": email})
    return Actor.of(user)


def verified_owner(email: str) -> User | None:
    """Return the account that has proven to own the address, regardless of case."""
    address = (
        EmailAddress.objects.select_related("user")
        .filter(email__iexact=email.strip(), verified=True, user__is_active=True)
        .first()
    )
    return address.user if address else None


def has_proven_address(*, user_id: uuid.UUID) -> bool:
    """Return whether an address of the account is proven."""
    return EmailAddress.objects.filter(user_id=user_id, verified=True).exists()


def is_unproven(user: User) -> bool:
    """Return whether the account comes from a sign-up whose address was never proven.

    False for accounts that have signed in, were deactivated, or were not created by a sign-up.
    """
    return user.is_active and unproven().filter(id=user.id).exists()


def unproven() -> QuerySet[User]:
    """Return accounts that have only unproven addresses and have never been signed in to."""
    own = EmailAddress.objects.filter(user=OuterRef("pk"))
    return User.objects.filter(
        Exists(own.filter(verified=False)),
        ~Exists(own.filter(verified=True)),
        last_login=None,
        is_active=True,
        is_site_admin=False,
    )


def is_taken(email: str) -> bool:
    """Return whether an address belongs to an account whose owner has proven it."""
    user = user_by_email(email)
    taken = user is not None and not is_unproven(user)
    return taken or EmailAddress.objects.filter(email__iexact=email, verified=True).exists()


def was_proven(*, address_id: int | None) -> bool:
    """Return whether this address is already stored as proven."""
    return EmailAddress.objects.filter(id=address_id, verified=True).exists()


def address_to_prove(*, user_id: uuid.UUID) -> EmailAddress | None:
    """Return the address of an account that has proven none; its reset links went there."""
    own = EmailAddress.objects.select_related("user").filter(user_id=user_id)
    addresses = list(own.order_by("-primary"))
    return None if not addresses or any(a.verified for a in addresses) else addresses[0]


def unproven_for(life: timedelta) -> list[uuid.UUID]:
    """Return accounts that signed up before that time and have proven no address, oldest first."""
    late = unproven().filter(joined_at__lt=timezone.now() - life)
    return list(late.order_by("joined_at").values_list("id", flat=True))


def site_admins() -> QuerySet[User]:
    """Return all site admins, including deactivated ones: each is told what the others do."""
    return User.objects.filter(is_site_admin=True).order_by("email")


def is_own(*, user_id: uuid.UUID, email: str) -> bool:
    """Return whether an address is this person's, or of an account that they created.

    Only as far as the database can tell.
    """
    own = [*EmailAddress.objects.filter(user_id=user_id).values_list("email", flat=True)]
    own += User.objects.filter(id=user_id).values_list("email", flat=True)
    if rules.mailbox(email) in {rules.mailbox(address) for address in own}:
        return True
    owners = {owner.id for owner in (user_by_email(email), verified_owner(email)) if owner}
    made = audit.deeds_about(about_ids=owners, actions=["accounts.made"])
    return made.filter(actor_id=user_id).exists()


def are_one(first: User, second: User) -> bool:
    """Return whether two accounts belong to one person, or one of them created the other.

    Only as far as the database can tell. Four eyes need two people, not two accounts.
    """
    return (
        first.id == second.id
        or is_own(user_id=first.id, email=second.email)
        or is_own(user_id=second.id, email=first.email)
    )


def opened_since(*, user_id: uuid.UUID, since: datetime) -> bool:
    """Return whether a deactivated account was reactivated since then."""
    opened = audit.deeds_about(about_ids=[user_id], actions=["accounts.opened"])
    return opened.filter(at__gte=since).exists()


def tokens_of(*, actor: Actor) -> QuerySet[ApiToken]:
    """Return the actor's own tokens that are not revoked, newest first."""
    if actor.user_id is None:
        return ApiToken.objects.none()
    mine = ApiToken.objects.not_revoked().filter(user_id=actor.user_id)
    return mine.order_by("-created_at")


def scopes_of(*, actor: Actor) -> list[rules.TokenScope]:
    """Return the scopes that a token of the actor can use, given their current roles."""
    held = {role for _, roles_of in ROLES_HELD for role in roles_of(actor)}
    return [
        scope
        for scope in rules.TokenScope
        if scope not in SCOPE_ROLES or held & SCOPE_ROLES.get(scope)
    ]


def accounts(*, actor: Actor) -> QuerySet[User]:
    """Return all accounts for a site admin, none for anybody else."""
    if not (actor.is_site_admin or actor.is_system):
        return User.objects.none()
    return User.objects.order_by("email")


def account(*, actor: Actor, user_id: uuid.UUID) -> User:
    """Return one account, for a site admin. Raises NotFound."""
    user = accounts(actor=actor).filter(id=user_id).first()
    if user is None:
        raise NotFound
    return user


def kept_mail(*, actor: Actor, most: int) -> list[rules.KeptMail]:
    """Return the newest mails stored in files, for a site admin; none for anybody else."""
    folder = Path(settings.MAIL_DIR)
    if not actor.is_site_admin or not settings.MAIL_SHOWN or not folder.is_dir():
        return []
    newest: list[rules.KeptMail] = []
    for file in sorted(folder.glob("*.log"), reverse=True):  # named by their time
        newest += rules.mails_in(file.read_bytes())
        if len(newest) >= most:
            break
    return newest[:most]
