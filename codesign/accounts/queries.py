"""Reading accounts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

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
    """The token with that secret, and its person, in one query."""
    return _tokens.first(digest=rules.digest_of(secret)) if secret else None


def user_by_email(email: str) -> User | None:
    """The account with that address, whatever its case."""
    return User.objects.filter(email__iexact=email.strip()).first()


def actor_named(email: str | None) -> Actor:
    """Who a command acts as: `--as EMAIL`, or the system."""
    if not email:
        return SYSTEM
    user = user_by_email(email)
    if user is None:
        raise NotFound(f"There is no account with the address {email}.")
    return Actor.of(user)


def verified_owner(email: str) -> User | None:
    """The account that has proven to own the address, whatever its case."""
    address = (
        EmailAddress.objects.select_related("user")
        .filter(email__iexact=email.strip(), verified=True, user__is_active=True)
        .first()
    )
    return address.user if address else None


def has_proven_address(*, user_id: uuid.UUID) -> bool:
    """Whether an address of the account is proven."""
    return EmailAddress.objects.filter(user_id=user_id, verified=True).exists()


def is_unproven(user: User) -> bool:
    """Whether somebody signed up with the account's address and nobody has ever proven it.

    Accounts that have signed in, were stopped, or were not made by a sign-up do not count.
    """
    return user.is_active and unproven().filter(id=user.id).exists()


def unproven() -> QuerySet[User]:
    """Accounts whose only addresses are unproven, and which nobody has ever signed in to."""
    own = EmailAddress.objects.filter(user=OuterRef("pk"))
    return User.objects.filter(
        Exists(own.filter(verified=False)),
        ~Exists(own.filter(verified=True)),
        last_login=None,
        is_active=True,
        is_site_admin=False,
    )


def is_taken(email: str) -> bool:
    """Whether an address belongs to an account whose owner has proven it."""
    user = user_by_email(email)
    taken = user is not None and not is_unproven(user)
    return taken or EmailAddress.objects.filter(email__iexact=email, verified=True).exists()


def was_proven(*, address_id: int | None) -> bool:
    """Whether this address row is kept as proven already."""
    return EmailAddress.objects.filter(id=address_id, verified=True).exists()


def address_to_prove(*, user_id: uuid.UUID) -> EmailAddress | None:
    """The address of an account that has proven none, which its reset links went to."""
    found = EmailAddress.objects.select_related("user").filter(user_id=user_id)
    addresses = list(found.order_by("-primary"))
    return None if not addresses or any(a.verified for a in addresses) else addresses[0]


def unproven_for(life: timedelta) -> list[uuid.UUID]:
    """Accounts that signed up longer ago than that and have proven no address, oldest first."""
    late = unproven().filter(joined_at__lt=timezone.now() - life)
    return list(late.order_by("joined_at").values_list("id", flat=True))


def site_admins() -> QuerySet[User]:
    """Every account that manages the site, stopped ones too: they are told what others do."""
    return User.objects.filter(is_site_admin=True).order_by("email")


def is_own(*, user_id: uuid.UUID, email: str) -> bool:
    """Whether an address is this person's, or of an account that they made; as far as is known."""
    own = [*EmailAddress.objects.filter(user_id=user_id).values_list("email", flat=True)]
    own += User.objects.filter(id=user_id).values_list("email", flat=True)
    if rules.mailbox(email) in {rules.mailbox(address) for address in own}:
        return True
    holders = {found.id for found in (user_by_email(email), verified_owner(email)) if found}
    made = audit.deeds_about(about_ids=holders, actions=["accounts.made"])
    return made.filter(actor_id=user_id).exists()


def opened_since(*, user_id: uuid.UUID, since: datetime) -> bool:
    """Whether a stopped account was opened again since then."""
    opened = audit.deeds_about(about_ids=[user_id], actions=["accounts.opened"])
    return opened.filter(at__gte=since).exists()


def tokens_of(*, actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens that were not revoked, newest first."""
    if actor.user_id is None:
        return ApiToken.objects.none()
    mine = ApiToken.objects.not_revoked().filter(user_id=actor.user_id)
    return mine.order_by("-created_at")


def scopes_of(*, actor: Actor) -> list[rules.TokenScope]:
    """What a token of the actor's could be used for, by the roles that they hold now."""
    held = {role for _, roles_of in ROLES_HELD for role in roles_of(actor)}
    return [
        scope
        for scope in rules.TokenScope
        if scope not in SCOPE_ROLES or held & SCOPE_ROLES.get(scope)
    ]


def accounts(*, actor: Actor) -> QuerySet[User]:
    """Every account, for a site admin; nothing for anybody else."""
    if not (actor.is_site_admin or actor.is_system):
        return User.objects.none()
    return User.objects.order_by("email")


def account(*, actor: Actor, user_id: uuid.UUID) -> User:
    """One account, for a site admin."""
    user = accounts(actor=actor).filter(id=user_id).first()
    if user is None:
        raise NotFound
    return user


def kept_mail(*, actor: Actor, most: int) -> list[rules.KeptMail]:
    """The newest mails that lie in files, for a site admin; nothing for anybody else."""
    folder = Path(settings.MAIL_DIR)
    if not actor.is_site_admin or not settings.MAIL_SHOWN or not folder.is_dir():
        return []
    found: list[rules.KeptMail] = []
    for file in sorted(folder.glob("*.log"), reverse=True):  # named by their time
        found += rules.mails_in(file.read_bytes())
        if len(found) >= most:
            break
    return found[:most]
