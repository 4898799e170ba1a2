"""Receivers for the signals of django-allauth and Django's sign-in."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from codesign.accounts import queries, services
from codesign.accounts.models import User
from codesign.accounts.services import proofs
from codesign.accounts.signals import address_verified
from codesign.shared import stashed_forms


@receiver(pre_save, sender=EmailAddress)
def end_what_was_made_before_the_proof(
    *, instance: EmailAddress, raw: bool = False, **_kwargs: Any
) -> None:
    """End all earlier ways to sign in before an address counts as proven (decision 18).

    Runs before the save: if it fails, the address stays unproven, and nobody can sign in between.
    """
    if instance.verified and not raw and not queries.was_proven(address_id=instance.pk):
        proofs.end_earlier_ways_in(user_id=instance.user_id)


@receiver(pre_save, sender=Authenticator)
def add_no_key_before_the_proof(
    *, instance: Authenticator, raw: bool = False, **_kwargs: Any
) -> None:
    """Refuse a passkey, app or recovery code while no address is proven, whatever page asks."""
    if instance.pk is None and not raw:
        proofs.require_proven(user=instance.user)


@receiver(email_confirmed)
def tell_of_verified_address(
    *, request: HttpRequest | None, email_address: EmailAddress, **_kwargs: Any
) -> None:
    """Send `address_verified`, and adopt the password chosen at sign-up in this browser."""
    user: User = email_address.user
    if request is not None:
        proofs.keep_chosen_password(session=request.session, user=user)
        request.proved_here = user.pk  # type: ignore[attr-defined]
        _stay_signed_in(request, user)
    address_verified.send(sender=EmailAddress, user=user, email=email_address.email)


def _stay_signed_in(request: HttpRequest, user: User) -> None:
    """Keep the session in which somebody confirmed a new address, and say what was revoked."""
    if not request.user.is_authenticated or request.user.pk != user.pk:
        return
    request.user.refresh_from_db(fields=["password"])
    update_session_auth_hash(request, request.user)
    messages.info(
        request,
        _(
            "To keep you safe, your old password, passkeys and tokens no longer work. You can "
            "create new ones under Account."
        ),
    )


@receiver(user_logged_in)
def keep_language_of_sign_in(*, request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Give the account the language that was chosen on the sign-in page.

    If nobody chose one there, an account that has none yet gets the language of that page.
    """
    on_page = getattr(request, "LANGUAGE_CODE", "")
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if on_page and (chosen == on_page or not queries.chosen_language(user)):
        services.choose_language(user=user, language=on_page)


@receiver(user_logged_out)
def forget_what_was_kept(*, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """Delete what this browser kept for a person who signs out."""
    if user is not None and user.is_authenticated:
        stashed_forms.signed_out(request)
