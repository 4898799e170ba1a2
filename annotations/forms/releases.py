"""The form to request a dataset release."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.rules.releases import (
    ANY_LEAST,
    LEAST_MARGIN,
    LEAST_MEDIAN,
    LEAST_P,
    PLACES,
    LeastAsked,
)
from annotations.rules.states import ReleasePurpose

PURPOSES = [
    (ReleasePurpose.TRAINING, _("Training models")),
    (ReleasePurpose.EVALUATION, _("Evaluating models")),
    (ReleasePurpose.PUBLICATION, _("Public release")),
]


class ReleaseForm(forms.Form):
    """The purpose of a release, and the thresholds for its records."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=PURPOSES, widget=forms.RadioSelect)
    least_p = forms.DecimalField(
        label=_("Least p of a preference"),
        help_text=_(
            "How certain it must be that people prefer one reply, from 0.5 (any majority) to below"
            " 1. Less certain pairs are left out and counted."
        ),
        initial=LEAST_P[0],
        min_value=LEAST_P[0],
        max_value=LEAST_P[1],
        decimal_places=PLACES,
        required=False,
    )
    least_margin = forms.DecimalField(
        label=_("Least margin of a preference"),
        help_text=_(
            "How strongly people must prefer it, from 0 to 3 (1 slightly, 2 clearly, 3 much)."
            " Weaker pairs are left out and counted."
        ),
        initial=LEAST_MARGIN[0],
        min_value=LEAST_MARGIN[0],
        max_value=LEAST_MARGIN[1],
        decimal_places=PLACES,
        required=False,
    )

    least_median = forms.DecimalField(
        label=_("Best-rated replies in sft: least median"),
        help_text=_(
            "Leave it empty for rewrites alone. With a number from 0.5 to 1, sft also contains the"
            " best-rated reply of each prompt, if its median score in every cohort is at least"
            " this share of the scale (0.75 is 4 of 5), and no report of harm on it is open or"
            " upheld."
        ),
        min_value=LEAST_MEDIAN[0],
        max_value=LEAST_MEDIAN[1],
        decimal_places=PLACES,
        required=False,
    )

    def least(self) -> LeastAsked:
        """Return the thresholds. An empty field means no threshold."""
        p, margin = (self.cleaned_data[name] for name in ("least_p", "least_margin"))
        median = self.cleaned_data["least_median"]
        return LeastAsked(p or ANY_LEAST.p, margin or ANY_LEAST.margin, median)
