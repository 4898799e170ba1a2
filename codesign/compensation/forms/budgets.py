"""The form to set a budget for pay."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from codesign.compensation.forms.amounts import read_amount


class BudgetForm(forms.Form):
    """What a study may spend on pay in one currency, including what it has spent."""

    amount = forms.CharField(
        label=gettext_lazy("Budget for pay"),
        help_text=gettext_lazy(
            "For the whole study, including what is already paid, such as 5000. It replaces the"
            " budget that was set before."
        ),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Three letters, such as GBP."),
        max_length=3,
        initial="GBP",
    )

    def clean(self) -> dict[str, Any]:
        """Require an unambiguous amount that is exact in the currency's smallest unit."""
        cleaned = super().clean() or {}
        read_amount(self, cleaned)
        return cleaned
