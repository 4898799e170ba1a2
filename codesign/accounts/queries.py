"""Reading accounts."""

from __future__ import annotations

from codesign.accounts import rules
from codesign.accounts.models import ApiToken, User
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import NotFound


def token_by_secret(secret: str) -> ApiToken | None:
    """The token with that secret, and its person, in one query."""
    return (
        ApiToken.objects.select_related("user").filter(digest=rules.digest_of(secret)).first()
        if secret
        else None
    )


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
