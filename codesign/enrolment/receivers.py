"""What enrolment does when an address is verified."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.models import User
from codesign.accounts.signals import address_verified
from codesign.enrolment import services


@receiver(address_verified)
def join_where_invited(*, user: User, email: str, **_: Any) -> None:
    """Whoever proves an address takes the places that were kept for it."""
    services.accept_all(user=user, email=email)
