"""The form to set a pay rate."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from codesign.compensation.forms.amounts import AmountForm
from codesign.studies.models import Cohort


class RateForm(AmountForm):
    """What one text pays a cohort from now on. The service checks whether the rate is allowed."""

    field_order = ("cohort", "amount", "currency", "minutes")

    amount_label = gettext_lazy("Pay for one text")
    amount_help = gettext_lazy(
        "For one or two replies, such as 0.80. Each further reply adds half of it: 0.80 becomes"
        " 1.20 for three replies and 1.60 for four. The maximum is a thousand in pounds, euros"
        " or dollars, and a hundred million in currencies of low value."
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
        """Return the time in seconds too."""
        cleaned = super().clean()
        if "minutes" in cleaned:
            cleaned["estimated_seconds"] = int(cleaned["minutes"] * 60)
        return cleaned
