"""Asking for a dataset release."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.rules.states import ReleasePurpose

PURPOSES = [
    (ReleasePurpose.TRAINING, _("Training models")),
    (ReleasePurpose.EVALUATION, _("Evaluating models")),
    (ReleasePurpose.PUBLICATION, _("Public release")),
]


class ReleaseForm(forms.Form):
    """What for: it decides whose work may be in it."""

    purpose = forms.ChoiceField(label=_("For"), choices=PURPOSES, widget=forms.RadioSelect)
