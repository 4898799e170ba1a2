"""Receivers: accepting invitations when an address is proven."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.models import User
from codesign.accounts.signals import address_verified
from codesign.enrolment import services


@receiver(address_verified)
def join_where_invited(*, user: User, email: str, **_kwargs: Any) -> None:
    """Accept the open invitations to an address when its owner proves it."""
    services.accept_all(user=user, email=email)
