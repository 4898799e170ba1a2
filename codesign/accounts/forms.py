"""django-allauth's forms with plain labels, and the forms for tokens and invitations."""

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
    "At least 8 characters. Do not use a common password or one like your e-mail address."
)
_LABELS = {
    "email": _("E-mail address"),
    "login": _("E-mail address"),
    "oldpassword": _("Your current password"),
    "password1": _("New password"),
    "password2": _("Repeat the password"),
    "name": _("Name of the passkey (optional)"),
    "passwordless": _("Sign in with this passkey alone, without my password"),
}
_HINTS = {
    "password1": PASSWORD_HINT,
    "passwordless": _(
        "Your device then asks for your fingerprint, your face or its PIN. Without this tick, you "
        "need the passkey after your password, and cannot sign in without it."
    ),
}


class PlainWords(forms.BaseForm):
    """Replaces labels and hints with plain ones."""

    labels: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = (_LABELS | self.labels).get(name, field.label)
            field.help_text = _HINTS.get(name, field.help_text)
            if isinstance(field.widget, forms.PasswordInput):  # passwords are used as typed
                field.empty_values = [*EMPTY_VALUES]


class Login(PlainWords, account.LoginForm):
    """Sign-in with address and password."""


class Signup(PlainWords, account.SignupForm):
    """Sign-up. The password counts once the code is entered in the same browser."""

    labels: ClassVar[dict[str, Any]] = {"password1": _("Create a password")}

    def validate_unique_email(self, value: str) -> str:
        """Treat only a proven address as taken, and do not reveal which addresses are."""
        self.account_already_exists = queries.is_taken(value)
        return value

    def try_save(self, request: Any) -> tuple[Any, Any]:
        """Hash the password in any case, so that a taken address takes the same time."""
        hashed = make_password(self.cleaned_data["password1"])
        email = self.cleaned_data["email"]
        user = None
        if not self.account_already_exists:
            user = proofs.sign_up(session=request.session, email=email, hashed_password=hashed)
        if user is None:
            return None, prevent_enumeration(request, email=email)
        return user, None


class AddEmail(PlainWords, account.AddEmailForm):
    """A new address."""

    labels: ClassVar[dict[str, Any]] = {"email": _("New e-mail address")}


class ChangeEmail(PlainWords, account.ChangeEmailForm):
    """A different address while the first one is being confirmed."""

    labels: ClassVar[dict[str, Any]] = {"email": _("Different e-mail address")}


class ChangePassword(PlainWords, account.ChangePasswordForm):
    """Changing the password."""


class SetPassword(PlainWords, account.SetPasswordForm):
    """A first password."""


class ResetPassword(PlainWords, account.ResetPasswordForm):
    """Asking for a link to reset the password."""


class ResetPasswordKey(PlainWords, account.ResetPasswordKeyForm):
    """Choosing the new password after following the link."""

    def save(self) -> None:
        """Set the password. The link was mailed to the address, so the address is proven too."""
        address = queries.address_to_prove(user_id=self.user.pk)
        if address is not None and verify_email(current.request, address):
            self.user.refresh_from_db(fields=["password"])
        super().save()


class ConfirmLoginCode(account.ConfirmLoginCodeForm):
    """Entering the mailed code to sign in."""

    def clean_code(self) -> str:
        """Refuse every code if the account has been deleted in the meantime."""
        code = super().clean_code()
        if current.request._login_stage.login.user is None:
            raise get_adapter().validation_error("incorrect_code")
        return str(code)


class ConfirmEmailCode(account.ConfirmEmailVerificationCodeForm):
    """Entering the code that was mailed to a new address."""

    def clean_code(self) -> str:
        """Delete an unproven account with this address: the right code proves who owns it."""
        account.BaseConfirmCodeForm.clean_code(self)
        if self.user is None:  # not a code of any account, or the account was deleted
            raise get_adapter().validation_error("incorrect_code")
        if self.email.lower() != self.user.email.lower():
            proofs.free_address(email=self.email)
        return str(super().clean_code())


class Reauthenticate(PlainWords, account.ReauthenticateForm):
    """Confirming the password again."""


class RequestLoginCode(PlainWords, account.RequestLoginCodeForm):
    """Asking for a sign-in code by mail."""


class StartApp(PlainWords, totp.ActivateTOTPForm):
    """Entering the first code of an authenticator app."""

    labels: ClassVar[dict[str, Any]] = {"code": _("The code in the app")}


class AddPasskey(PlainWords, webauthn.AddWebAuthnForm):
    """Adding a passkey. By default it signs in without a password, as most people expect."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        """Record which kind of passkey it is, since not every browser says. Pages show it."""
        cleaned: dict[str, Any] = super().clean() or {}
        if credential := cleaned.get("credential"):
            extensions = credential.get("clientExtensionResults") or {}
            kind = {"rk": bool(cleaned.get("passwordless"))} | (extensions.get("credProps") or {})
            credential["clientExtensionResults"] = extensions | {"credProps": kind}
        return cleaned


class RenamePasskey(PlainWords, webauthn.EditWebAuthnForm):
    """Renaming a passkey."""

    labels: ClassVar[dict[str, Any]] = {"name": _("Name of the passkey")}


class TokenForm(forms.Form):
    """A new API token: name, scopes, lifetime."""

    name = forms.CharField(label=_("Name"), help_text=_("To recognise it later."), max_length=80)
    scopes = forms.MultipleChoiceField(label=_("Permissions"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(
        label=_("Valid for (days)"), initial=30, min_value=1, max_value=LONGEST_DAYS
    )

    def __init__(self, *args: Any, usable: Iterable[TokenScope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(scope, scope.label) for scope in usable]


class InviteForm(forms.Form):
    """Inviting somebody to create an account."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
