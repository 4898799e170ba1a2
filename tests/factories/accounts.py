"""Accounts."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from factory.declarations import Sequence
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from codesign.accounts.models import User


class UserFactory(DjangoModelFactory[User]):
    """An account with a verified address and no password: sign in by `client.force_login`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"person{n}@example.org")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(*args, **kwargs)

    @post_generation
    def verified(user: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        """`verified=False` leaves the address unproven."""
        if create:
            EmailAddress.objects.create(
                user=user, email=user.email, primary=True, verified=extracted is not False
            )
            user.refresh_from_db(fields=["password"])  # the proof ends earlier ones
