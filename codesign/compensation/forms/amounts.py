"""Amounts of money in forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from codesign.shared.money import read_money

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

LONGEST_AMOUNT = 40
"""Characters of an amount; `read_money` says what is wrong with a long one."""


class AmountForm(forms.Form):
    """An amount in a currency, as one types it."""

    amount = forms.CharField(
        max_length=LONGEST_AMOUNT,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Three letters, such as GBP."),
        max_length=3,
        initial="GBP",
    )

    amount_label: _StrOrPromise = ""
    amount_help: _StrOrPromise = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = self.amount_label
        self.fields["amount"].help_text = self.amount_help

    def clean(self) -> dict[str, Any]:
        """Require an unambiguous amount that is exact in the currency's smallest unit."""
        cleaned = super().clean() or {}
        if "amount" in cleaned and "currency" in cleaned:
            cleaned["currency"] = cleaned["currency"].upper()
            try:
                cleaned["amount_minor"] = read_money(cleaned["amount"], cleaned["currency"])
            except ValueError as error:
                self.add_error("amount", str(error))
        return cleaned
