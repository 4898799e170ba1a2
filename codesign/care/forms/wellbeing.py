"""Forms for moods, check-ins, and how a person works."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.accounts.rules import LineSpacing, TextSize
from codesign.care.rules.adjustments import LeaseTime, LeftOut
from codesign.care.rules.moods import Face, Moment
from codesign.care.services.adjustments import Chosen

PASS, OFF = "pass", "off"


class MoodForm(forms.Form):
    """One tap: a face, or that they pass, or that they do not want to be asked again."""

    moment = forms.ChoiceField(choices=Moment.choices)
    face = forms.ChoiceField(choices=[*Face.choices, (PASS, PASS), (OFF, OFF)])


class CheckInForm(forms.Form):
    """Whether, and after how many days, a person wants a mail that asks how they are."""

    days = forms.TypedChoiceField(
        label=_("Shall we write to you and ask how you are?"),
        coerce=int,
        choices=[
            (0, _("No, thank you")),
            (1, _("Yes, tomorrow")),
            (2, _("Yes, in two days")),
            (3, _("Yes, in three days")),
        ],
        initial=0,
        widget=forms.RadioSelect,
    )


class HowYouWorkForm(forms.Form):
    """How a person works in a study, and how they read all pages."""

    text_size = forms.ChoiceField(
        label=_("Size of the text"), choices=TextSize.choices, widget=forms.RadioSelect
    )
    line_spacing = forms.ChoiceField(
        label=_("Space between lines"), choices=LineSpacing.choices, widget=forms.RadioSelect
    )
    left_out = forms.MultipleChoiceField(
        label=_("What you would like to leave out (optional)"),
        help_text=_(
            "From the next text on. Your pay stays the same. If a text asks for nothing else, you"
            " are still asked."
        ),
        choices=LeftOut.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    lease_times = forms.TypedChoiceField(
        label=_("How long a text stays with you"),
        help_text=_("After this time, other people can get the text. Your answers are kept."),
        coerce=int,
        choices=LeaseTime.choices,
        widget=forms.RadioSelect,
    )
    supported = forms.BooleanField(
        label=_("Somebody is with me and supports me while I read."),
        help_text=_(
            "Your answers stay yours. We note beside them that somebody was with you, without a"
            " name."
        ),
        required=False,
    )
    asks_mood = forms.BooleanField(
        label=_("Ask me how I feel, before and after."),
        help_text=_("Only the safety lead of the study sees what you say."),
        required=False,
    )

    @property
    def chosen(self) -> Chosen:
        """Return what was chosen."""
        values: dict[str, Any] = self.cleaned_data
        return Chosen(**values)
