"""The library's account forms in plain words, what they do unchanged; tokens and invitations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.validators import EMPTY_VALUES
from django.utils.translation import gettext_lazy as _

from codesign.accounts.rules import LONGEST_DAYS, TokenScope

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
    """Address and a password of one's own."""

    labels: ClassVar[dict[str, Any]] = {"password1": _("A password of your own")}


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


SCOPE_WORDS = {
    TokenScope.JUDGE: _("Judge in my name"),
    TokenScope.STUDY_READ: _("Read my studies"),
    TokenScope.PROMPTS: _("Read and add prompts"),
    TokenScope.GENERATION: _("See, start and stop generation runs"),
    TokenScope.RELEASES: _("Ask for and fetch dataset releases, and what was taken back"),
    TokenScope.MODELS: _("See models"),
    TokenScope.TRAINING: _("See, start and stop training runs"),
}


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
        scopes.choices = [(scope, SCOPE_WORDS[scope]) for scope in usable]


class InviteForm(forms.Form):
    """The address to write to."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
