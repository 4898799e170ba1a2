"""The form of a person's own choices about their pay."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from codesign.compensation.rules.pay_choices import CapPeriod
from codesign.shared.money import read_money


class PayChoiceForm(forms.Form):
    """How much of the pay a person takes, and how much they want to earn at most."""

    share = forms.IntegerField(
        label=gettext_lazy("How much of the pay you take, in percent"),
        help_text=gettext_lazy("100 is all of it, 50 is half, and 0 is no pay."),
        min_value=0,
        max_value=100,
    )
    cap = forms.CharField(
        label=gettext_lazy("The most that you want to earn (optional)"),
        help_text=gettext_lazy("You get no more texts before this amount would be passed."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    period = forms.ChoiceField(
        label=gettext_lazy("In"), choices=CapPeriod.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """`currency`: that of the rate in force."""
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        """Read the limit in the currency of the pay; empty is no limit."""
        cleaned = super().clean() or {}
        cleaned["cap_minor"] = None
        if cleaned.get("cap"):
            try:
                cleaned["cap_minor"] = read_money(cleaned["cap"], self.currency)
            except ValueError as error:
                self.add_error("cap", str(error))
        return cleaned
