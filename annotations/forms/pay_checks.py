"""The form to decide on held pay."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.rules.states import PayCheck
from codesign.compensation.rules.rejections import LONGEST_REASON, RejectionCategory

DECISIONS = [
    (PayCheck.USED, _("Pay, and use in releases")),
    (PayCheck.LEFT_OUT, _("Pay, but leave out of releases")),
    (PayCheck.NOT_PAID, _("Propose to another coordinator not to pay")),
]


class DecisionForm(forms.Form):
    """The decision on the selected work of one person."""

    state = forms.ChoiceField(label=_("Decision"), choices=DECISIONS, widget=forms.RadioSelect)
    category = forms.ChoiceField(
        label=_("What is wrong with the work (to propose not to pay)"),
        choices=[("", "---------"), *RejectionCategory.choices],
        required=False,
    )
    reason = forms.CharField(
        label=_("Reason (to propose not to pay)"),
        help_text=_(
            "At least 100 characters, without spaces. The person reads it on their pay page."
        ),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
