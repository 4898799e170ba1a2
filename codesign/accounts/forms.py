"""The library's account forms in plain words, what they do unchanged; tokens and invitations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import verify_email
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core import context as current
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.validators import EMPTY_VALUES
from django.utils.translation import gettext_lazy as _

from codesign.accounts import queries
from codesign.accounts.rules import LONGEST_DAYS, TokenScope
from codesign.accounts.services import proofs

PASSWORD_HINT = _(
    "At least 8 characters. Not one that many people use, and not like your e-mail address."
)
_LABELS = {
    "email": _("E-mail address"),
    "login": _("E-mail address"),
    "oldpassword": _("The password you use now"),
    "password1": _("New password"),
    "password2": _("The same password again"),
    "name": _("What to call it (optional)"),
    "passwordless": _("Sign in with it alone, without my password"),
}
_HINTS = {
    "password1": PASSWORD_HINT,
    "passwordless": _(
        "Your device then asks for your fingerprint, your face or its PIN. Without the tick, this "
        "passkey is asked for after your password, and does not work without it."
    ),
}


class PlainWords(forms.BaseForm):
    """Says labels and hints as one would say them to a person."""

    labels: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = (_LABELS | self.labels).get(name, field.label)
            field.help_text = _HINTS.get(name, field.help_text)
            if isinstance(field.widget, forms.PasswordInput):  # taken as typed: nobody reads it
                field.empty_values = [*EMPTY_VALUES]


class Login(PlainWords, account.LoginForm):
    """Address and password."""


class Signup(PlainWords, account.SignupForm):
    """Address and a password of one's own, which counts once this browser has typed the code."""

    labels: ClassVar[dict[str, Any]] = {"password1": _("A password of your own")}

    def validate_unique_email(self, value: str) -> str:
        """Only a proven address is taken; nobody is told."""
        self.account_already_exists = queries.is_taken(value)
        return value

    def try_save(self, request: Any) -> tuple[Any, Any]:
        """Hash the password in any case: the answer takes as long if the address is taken."""
        hashed = make_password(self.cleaned_data["password1"])
        email = self.cleaned_data["email"]
        user = None
        if not self.account_already_exists:
            user = proofs.sign_up(session=request.session, email=email, hashed_password=hashed)
        if user is None:
            return None, prevent_enumeration(request, email=email)
        return user, None


class AddEmail(PlainWords, account.AddEmailForm):
    """The address to change to."""

    labels: ClassVar[dict[str, Any]] = {"email": _("New e-mail address")}


class ChangeEmail(PlainWords, account.ChangeEmailForm):
    """Another address, while the first is being confirmed."""

    labels: ClassVar[dict[str, Any]] = {"email": _("Another e-mail address")}


class ChangePassword(PlainWords, account.ChangePasswordForm):
    """The old password, and the new one twice."""


class SetPassword(PlainWords, account.SetPasswordForm):
    """A first password."""


class ResetPassword(PlainWords, account.ResetPasswordForm):
    """Where to send the link."""


class ResetPasswordKey(PlainWords, account.ResetPasswordKeyForm):
    """The new password, after the link."""

    def save(self) -> None:
        """Set it; the link went to the account's address, so the address is proven by it."""
        address = queries.address_to_prove(user_id=self.user.pk)
        if address is not None and verify_email(current.request, address):
            self.user.refresh_from_db(fields=["password"])
        super().save()


class ConfirmLoginCode(account.ConfirmLoginCodeForm):
    """The code from the mail, to sign in with."""

    def clean_code(self) -> str:
        """Refuse any code where the account has been deleted in the meantime."""
        code = super().clean_code()
        if current.request._login_stage.login.user is None:
            raise get_adapter().validation_error("incorrect_code")
        return str(code)


class ConfirmEmailCode(account.ConfirmEmailVerificationCodeForm):
    """The code from the mail that goes to a new address."""

    def clean_code(self) -> str:
        """Whoever typed the right code owns the address: an unproven account with it goes."""
        account.BaseConfirmCodeForm.clean_code(self)
        if self.user is None:  # nobody's code, or the account has gone in the meantime
            raise get_adapter().validation_error("incorrect_code")
        if self.email.lower() != self.user.email.lower():
            proofs.free_address(email=self.email)
        return str(super().clean_code())


class Reauthenticate(PlainWords, account.ReauthenticateForm):
    """The password once more."""


class RequestLoginCode(PlainWords, account.RequestLoginCodeForm):
    """Where to send the code."""


class StartApp(PlainWords, totp.ActivateTOTPForm):
    """The first code that the app shows."""

    labels: ClassVar[dict[str, Any]] = {"code": _("The code that the app shows")}


class AddPasskey(PlainWords, webauthn.AddWebAuthnForm):
    """A name for the key, and whether it signs in by itself, as most people expect of a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        """Keep which of both it is, since not every browser says; pages tell it to the person."""
        cleaned: dict[str, Any] = super().clean() or {}
        if credential := cleaned.get("credential"):
            told = credential.get("clientExtensionResults") or {}
            known = {"rk": bool(cleaned.get("passwordless"))} | (told.get("credProps") or {})
            credential["clientExtensionResults"] = told | {"credProps": known}
        return cleaned


class RenamePasskey(PlainWords, webauthn.EditWebAuthnForm):
    """Another name for the key."""

    labels: ClassVar[dict[str, Any]] = {"name": _("What to call it")}


class TokenForm(forms.Form):
    """What a new token is called, may do, and for how long."""

    name = forms.CharField(
        label=_("What to call it"), help_text=_("So that you know it again."), max_length=80
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=_("For how many days"), initial=30, min_value=1, max_value=LONGEST_DAYS
    )

    def __init__(self, *args: Any, usable: Iterable[TokenScope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(scope, scope.label) for scope in usable]


class InviteForm(forms.Form):
    """The address to write to."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
