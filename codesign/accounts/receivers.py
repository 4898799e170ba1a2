"""What accounts do when sign-in (django-allauth) has something to say."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from codesign.accounts.signals import address_verified
from codesign.shared import keeping


@receiver(email_confirmed)
def tell_of_verified_address(*, email_address: EmailAddress, **_: Any) -> None:
    """One signal for every way in which an address is proven."""
    address_verified.send(sender=EmailAddress, user=email_address.user, email=email_address.email)


@receiver(user_logged_out)
def forget_what_was_kept(*, request: HttpRequest, user: Any, **_: Any) -> None:
    """Whoever signs out by choice leaves nothing at that browser."""
    if user is not None and user.is_authenticated:
        keeping.signed_out(request)
