"""The form to decide on held pay."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.rules.states import PayCheck
from annotations.services.pay_checks import LONGEST_REASON

DECISIONS = [
    (PayCheck.USED, _("Pay, and use in releases")),
    (PayCheck.LEFT_OUT, _("Pay, but leave out of releases")),
    (PayCheck.NOT_PAID, _("Do not pay")),
]


class DecisionForm(forms.Form):
    """The decision on the selected work of one person."""

    state = forms.ChoiceField(label=_("Decision"), choices=DECISIONS, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason (needed for “Do not pay”)"),
        help_text=_("At least 100 characters. The person reads it on their pay page."),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
