"""The form to set a budget for pay."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from codesign.compensation.forms.amounts import AmountForm


class BudgetForm(AmountForm):
    """What a study may spend on pay in one currency, including what it has spent."""

    amount_label = gettext_lazy("Budget for pay")
    amount_help = gettext_lazy(
        "For the whole study, including what is already paid, such as 5000. It replaces the budget"
        " that was set before."
    )
