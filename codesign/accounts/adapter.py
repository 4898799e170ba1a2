"""Messages and behaviour that django-allauth leaves to each installation."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codesign.accounts import services, throttles
from codesign.accounts.permissions import signed_in_lately
from codesign.accounts.services import proofs

TOO_MANY = "too_many_login_attempts"
"""Error code: used on pages after three wrong codes, and in forms when a limit is reached."""
_WRONG_CODE = _("That code is not right. Please check it and try again.")
_MISTAKES = MappingProxyType(
    {
        "email_password_mismatch": _(
            "The e-mail address or the password is not right. If you never entered the code that "
            "we sent when you created the account, please create it again."
        ),
        "email_taken": _("There is already an account with this address."),
        "duplicate_email": _("This is already your address."),
        "enter_current_password": _("Please type your current password."),
        "incorrect_code": _WRONG_CODE,
        "incorrect_password": _("That password is not right. Please try again."),
        TOO_MANY: _(
            "The code was not right three times, so it no longer works. You can ask for a new one."
        ),
        "rate_limited": _("Too many attempts. Try again in a minute."),
        "same_as_current": _("You already use this one."),
    }
)
_OTHER_WAYS = MappingProxyType(
    {
        "reauthenticate": _("Use my password"),
        "mfa_reauthenticate": _("Use a code"),
        "mfa_reauthenticate:webauthn": _("Use a passkey"),
    }
)


def _life_of(template_prefix: str) -> timedelta | None:
    """Return how long the code in such a mail is valid, or None if the mail has no code."""
    match template_prefix.removeprefix("account/email/"):
        case "login_code":
            return timedelta(seconds=app_settings.LOGIN_BY_CODE_TIMEOUT)
        case "email_confirmation" | "email_confirmation_signup":
            return timedelta(seconds=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
    return None


class AccountAdapter(DefaultAccountAdapter):
    """Gives errors in plain words and puts mails into the outbox."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | _MISTAKES

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Say which limit is reached and when to try again."""
        if code == TOO_MANY:
            return ValidationError(throttles.sentence_of(current.request), code=code)
        error: ValidationError = super().validation_error(code, *args)
        return error

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Do not ask again within minutes of a sign-in, which already proved who it is."""
        asked = super().is_reauthentication_required(app=app, **kwargs)
        return bool(asked) and not signed_in_lately(current.request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put the mail into the outbox, so that a mail server that is down cannot fail the page."""
        written = self.render_mail(
            template_prefix, email, {"request": current.request, "email": email} | context
        )
        services.send_mail(
            to=email,
            subject=str(written.subject),
            body=str(written.body),
            useful_for=_life_of(template_prefix),
        )

    def login(self, request: Any, user: Any) -> None:
        """Sign in. If this request proved the address, use the password hash since the proof.

        Any other request signs in with the account as it was read. If the address was proven in
        between, that session is no longer valid.
        """
        if getattr(request, "proved_here", None) == user.pk:
            user.refresh_from_db(fields=["password"])
        super().login(request, user)

    def set_password(self, user: Any, password: str) -> None:
        """Set the password with the one service that does so."""
        proofs.choose_password(user=user, password=password)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to confirm who you are, with our descriptions."""
        methods = super().get_reauthentication_methods(user)
        return [way | {"description": _OTHER_WAYS[way["id"]]} for way in methods]


class MFAAdapter(DefaultMFAAdapter):
    """Names passkeys in plain words."""

    error_messages: ClassVar[dict[str, Any]] = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _WRONG_CODE
    }

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return the first name of a new passkey. People can change it to tell passkeys apart."""
        return gettext("My passkey")
