"""Forms about tokens and accounts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.accounts.rules import LONGEST_DAYS, TokenScope

SCOPE_WORDS = {
    TokenScope.JUDGE: _("Judge in my name"),
    TokenScope.STUDY_READ: _("Read my studies"),
    TokenScope.STUDY_WRITE: _("Change my studies"),
    TokenScope.RELEASES: _("Fetch dataset releases"),
    TokenScope.MODELS: _("Work with models and training"),
}


class TokenForm(forms.Form):
    """What a new token is called, may do, and for how long."""

    name = forms.CharField(
        label=_("What to call it"), help_text=_("So that you know it again."), max_length=80
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=list(SCOPE_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("For how many days"), initial=30, min_value=1, max_value=LONGEST_DAYS
    )


class InviteForm(forms.Form):
    """The address to write to."""

    email = forms.EmailField(label=_("E-mail address"))
