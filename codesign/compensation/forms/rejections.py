"""Forms to reject work, to appeal, and to decide on an appeal. Services check what is typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from codesign.compensation.rules.rejections import (
    LONGEST_APPEAL,
    LONGEST_REASON,
    AppealState,
    RejectionCategory,
)

DECISIONS = [
    (AppealState.GRANTED, _("Grant the appeal: the work is paid")),
    (AppealState.UPHELD, _("Uphold the rejection")),
]


class RejectionForm(forms.Form):
    """What is wrong with work, and why somebody thinks so."""

    category = forms.ChoiceField(
        label=_("What is wrong with the work"),
        choices=RejectionCategory.choices,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_(
            "At least 100 characters, without spaces. The person reads it. Say what you saw, so"
            " that they can answer. Do not name other people."
        ),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, others: int, **kwargs: Any) -> None:
        """`others`: how many more pieces of the same person can be rejected with this one."""
        super().__init__(*args, **kwargs)
        if others:
            words = ngettext(
                "%(n)s more piece. Read it first: the reason has to fit it too.",
                "%(n)s more pieces. Read some of them first: the reason has to fit all of them.",
                others,
            )
            self.fields["everything"] = forms.BooleanField(
                label=_("Also all other work of this person that is not approved yet"),
                help_text=words % {"n": others},
                required=False,
            )


class AppealForm(forms.Form):
    """What a person answers to a rejection."""

    text = forms.CharField(
        label=_("Your appeal"),
        help_text=_("A few words are enough. You do not need to prove anything."),
        max_length=LONGEST_APPEAL,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class DecisionForm(forms.Form):
    """The decision on an appeal."""

    state = forms.ChoiceField(label=_("Decision"), choices=DECISIONS, widget=forms.RadioSelect)
    answer = forms.CharField(
        label=_("Answer to the person"),
        help_text=_("To uphold, at least 100 characters, without spaces."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
