"""The words that django-allauth leaves to an installation."""

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
"""Named in pages after three wrong codes; in forms where a limit is reached."""
_WRONG_CODE = _("That is not the code. Please look at it once more.")
_MISTAKES = MappingProxyType(
    {
        "email_password_mismatch": _(
            "This address and this password do not go together. If you never typed in the code "
            "that we sent when you made the account, make it again."
        ),
        "email_taken": _("There is an account with this address already."),
        "duplicate_email": _("That is your address already."),
        "enter_current_password": _("Please type the password that you use now."),
        "incorrect_code": _WRONG_CODE,
        "incorrect_password": _("That is not the password. Please try once more."),
        TOO_MANY: _(
            "That was not the code three times, so it has ended. You can ask for a new one."
        ),
        "rate_limited": _("There were too many tries in a short time. Try again in a minute."),
        "same_as_current": _("That is the one you have already."),
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
    """How long the code in such a mail works; None where there is no code in it."""
    match template_prefix.removeprefix("account/email/"):
        case "login_code":
            return timedelta(seconds=app_settings.LOGIN_BY_CODE_TIMEOUT)
        case "email_confirmation" | "email_confirmation_signup":
            return timedelta(seconds=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
    return None


class AccountAdapter(DefaultAccountAdapter):
    """Says what went wrong in plain words; writes mails into the outbox."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | _MISTAKES

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Say which limit is reached and when to try again, instead of one sentence for all."""
        if code == TOO_MANY:
            return ValidationError(throttles.sentence_of(current.request), code=code)
        error: ValidationError = super().validation_error(code, *args)
        return error

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not from somebody who has signed in within the last minutes: that was the proof."""
        asked = super().is_reauthentication_required(app=app, **kwargs)
        return bool(asked) and not signed_in_lately(current.request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave the mail to a worker: a mail server that is slow or away must not fail the page."""
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
        """Sign in; where this request proved the address, with what holds since the proof.

        Any other request signs in with the account as it read it: if a proof came in between, the
        session that it makes has ended.
        """
        if getattr(request, "proved_here", None) == user.pk:
            user.refresh_from_db(fields=["password"])
        super().login(request, user)

    def set_password(self, user: Any, password: str) -> None:
        """Leave it to the one service that does so."""
        proofs.choose_password(user=user, password=password)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to show that it is you, in our words."""
        methods = super().get_reauthentication_methods(user)
        return [way | {"description": _OTHER_WAYS[way["id"]]} for way in methods]


class MFAAdapter(DefaultMFAAdapter):
    """Names keys as one would."""

    error_messages: ClassVar[dict[str, Any]] = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _WRONG_CODE
    }

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """A name to start from; people change it to one that tells them which key it is."""
        return gettext("My passkey")
