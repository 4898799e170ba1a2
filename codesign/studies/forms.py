"""What is said about a study; its cohorts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.studies.rules import Role

SUMMARY_ROWS = 4


class AboutForm(forms.Form):
    """What people read about a study, and whom they can ask."""

    title = forms.CharField(
        label=_("Name of the study"),
        max_length=200,
        help_text=_(
            "Everybody in the study sees it, and mails name it. Better without a condition."
        ),
    )
    summary = forms.CharField(
        label=_("What it is about"),
        max_length=2000,
        help_text=_("A few plain sentences."),
        widget=forms.Textarea(attrs={"rows": SUMMARY_ROWS}),
    )
    organisation = forms.CharField(
        label=_("Who runs it"), max_length=200, help_text=_("Invitations come in this name.")
    )
    contact = forms.EmailField(
        label=_("Address for questions"),
        max_length=254,
        help_text=_("It stands on the Help page and beside the consent text. Somebody reads it."),
    )


class CohortForm(forms.Form):
    """A new cohort."""

    title = forms.CharField(
        label=_("Name of the cohort"),
        max_length=100,
        help_text=_("Such as “Lived experience” or “Clinicians”."),
    )
    role = forms.ChoiceField(
        label=_("Its people judge as"),
        choices=[(Role.PANELIST, _("panelists")), (Role.CLINICIAN, _("clinicians"))],
        widget=forms.RadioSelect,
        initial=Role.PANELIST,
        help_text=_("Clinicians also look at what was rewritten and reported."),
    )


class NameForm(forms.Form):
    """Another name for a cohort."""

    title = forms.CharField(label=_("Name of the cohort"), max_length=100)
