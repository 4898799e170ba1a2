"""Forms to choose how to be paid, to make a batch and to import its results.

Their prefix keeps details of accounts out of stored forms (`codesign.shared.stashed_forms`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.compensation.rules.payout_methods import FIELDS
from codesign.compensation.rules.payouts import Channel
from codesign.shared.money import read_money

PREFIX = "payout"
_QUIET = {"autocomplete": "off", "spellcheck": "false"}


def _text(label: Any, help_text: Any, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=200,
        widget=forms.TextInput(attrs={**_QUIET, **attrs}),
    )


class MethodForm(forms.Form):
    """The details of one kind of method. The service checks them."""

    prefix = PREFIX

    name = _text(
        _("Name on the account"),
        _("As your bank has it, without accents: for José Núñez type Jose Nunez."),
    )
    iban = _text(_("IBAN"), _("On your bank card or in your banking app. Spaces do not matter."))
    sort_code = _text(_("Sort code"), _("Six digits, such as 12-34-56."), inputmode="numeric")
    account = _text(_("Account number"), _("Eight digits."), inputmode="numeric")
    email = _text(_("E-mail address of your PayPal account"), "", inputmode="email")

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        """`kind`: the method, which decides the fields."""
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(FIELDS[kind]):
            del self.fields[name]


class BatchForm(forms.Form):
    """What a batch pays and how."""

    prefix = PREFIX

    channel = forms.ChoiceField(label=_("How will you pay?"), choices=Channel.choices)
    threshold = forms.CharField(
        label=_("Pay people who are owed at least"),
        help_text=_("Such as 5.00. People who have left are paid whatever they are owed."),
        max_length=40,
        initial="0",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    payer_name = forms.CharField(
        label=_("Name of the account that pays"),
        help_text=_("For SEPA only, as the bank has it."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=_QUIET),
    )
    payer_iban = forms.CharField(
        label=_("IBAN of the account that pays"),
        help_text=_("For SEPA only."),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs=_QUIET),
    )

    field_order = ("currency", "channel", "threshold", "payer_name", "payer_iban")

    def __init__(self, *args: Any, currencies: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """`currencies`: (code, label) of those in which people are owed something."""
        super().__init__(*args, **kwargs)
        self.fields["currency"] = forms.ChoiceField(label=_("Currency"), choices=currencies)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Read the threshold in the currency."""
        cleaned = super().clean() or {}
        if "threshold" in cleaned and "currency" in cleaned:
            try:
                cleaned["threshold_minor"] = read_money(cleaned["threshold"], cleaned["currency"])
            except ValueError as error:
                self.add_error("threshold", str(error))
        return cleaned


class ResultsForm(forms.Form):
    """The file of results."""

    file = forms.FileField(
        label=_("Results as CSV"),
        help_text=_(
            "With the columns reference, outcome (paid, failed or unknown) and, if you like, detail"
            " and amount. Payouts that are not in the file stay on their way."
        ),
        allow_empty_file=True,  # the service says what is wrong
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
