"""Making accounts and tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from codesign.accounts import rules
from codesign.accounts.models import ApiToken, Identity, User
from codesign.audit import services as audit
from codesign.audit.registry import OnErasure, action
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound

ACCOUNT_MADE = action("accounts.made", "made an account", OnErasure.SHRED)
TOKEN_MADE = action("accounts.token_made", "made an API token")
TOKEN_REVOKED = action("accounts.token_revoked", "revoked an API token")


@transaction.atomic
def make_account(
    *, actor: Actor, email: str, password: str, name: str = "", is_site_admin: bool = False
) -> User:
    """Make an account whose address counts as verified (demo, site admin)."""
    user = User.objects.create_user(email, password, is_site_admin=is_site_admin)
    Identity.objects.create(user=user, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    audit.record(
        actor=actor,
        action=ACCOUNT_MADE,
        about=("user", user.id, ""),
        personal=(user.id, {"email": user.email}),
    )
    return user


@transaction.atomic
def make_token(
    *, actor: Actor, user: User, name: str, scopes: Iterable[str], days: int
) -> tuple[ApiToken, str]:
    """Make a token; the secret is returned this once and kept only as a hash."""
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in set(rules.TokenScope)]
    if unknown or not wanted:
        raise Invalid("Choose what the token may do.", {"scopes": ["Choose from the list."]})
    secret = rules.new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=rules.digest_of(secret),
        scopes=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(actor=actor, action=TOKEN_MADE, about=("api_token", token.id, name))
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Actor, user: User, name: str) -> None:
    """End a token at once; other tokens of the person stay."""
    token = (
        ApiToken.objects.select_for_update().filter(user=user, name=name, revoked_at=None).first()
    )
    if token is None:
        raise NotFound("There is no such token.")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(actor=actor, action=TOKEN_REVOKED, about=("api_token", token.id, name))
