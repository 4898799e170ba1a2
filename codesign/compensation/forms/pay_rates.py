"""Forms to set a pay rate and to reverse a payment."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from codesign.shared.money import read_money
from codesign.studies.models import Cohort


class ReasonForm(forms.Form):
    """Why a payment is reversed. The reason is recorded in the audit trail."""

    reason = forms.CharField(
        label=gettext_lazy("Why are you reversing this payment?"),
        help_text=gettext_lazy("Do not name people. The reason is recorded in the audit trail."),
        max_length=200,
    )


class RateForm(forms.Form):
    """What one text pays a cohort from now on. The service checks whether the rate is allowed."""

    field_order = ("cohort", "amount", "currency", "minutes")

    amount = forms.CharField(
        label=gettext_lazy("Pay for one text"),
        help_text=gettext_lazy(
            "For one or two replies, such as 0.80. Each further reply adds half of it: 0.80 becomes"
            " 1.20 for three replies and 1.60 for four. The maximum is a thousand in pounds, euros"
            " or dollars, and a hundred million in currencies of low value."
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
    minutes = forms.DecimalField(
        label=gettext_lazy("Minutes for one text"),
        help_text=gettext_lazy("To read and answer two replies without hurry."),
        min_value=Decimal("0.1"),
        max_value=Decimal(600),
        decimal_places=1,
    )

    def __init__(self, *args: Any, cohorts: Iterable[Cohort], **kwargs: Any) -> None:
        """`cohorts`: the study's cohorts in their order."""
        super().__init__(*args, **kwargs)
        self.cohorts = {cohort.key: cohort for cohort in cohorts}
        self.fields["cohort"] = forms.ChoiceField(
            label=gettext_lazy("Cohort"),
            choices=[(cohort.key, cohort.title) for cohort in self.cohorts.values()],
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Require an unambiguous amount that is exact in the currency's smallest unit."""
        cleaned = super().clean() or {}
        if "amount" in cleaned and "currency" in cleaned:
            cleaned["currency"] = cleaned["currency"].upper()
            try:
                cleaned["amount_minor"] = read_money(cleaned["amount"], cleaned["currency"])
            except ValueError as error:
                self.add_error("amount", str(error))
        if "minutes" in cleaned:
            cleaned["estimated_seconds"] = int(cleaned["minutes"] * 60)
        return cleaned
