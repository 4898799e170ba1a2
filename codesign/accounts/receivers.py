"""What accounts do when sign-in (django-allauth) has something to say."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.dispatch import receiver

from codesign.accounts.signals import address_verified


@receiver(email_confirmed)
def tell_of_verified_address(*, email_address: EmailAddress, **_: Any) -> None:
    """One signal for every way in which an address is proven."""
    address_verified.send(sender=EmailAddress, user=email_address.user, email=email_address.email)
