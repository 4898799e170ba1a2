"""Forms for the description of a study and for its cohorts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.studies.rules import Role

SUMMARY_ROWS = 4


class AboutForm(forms.Form):
    """The description of a study that people read, and whom they can ask."""

    title = forms.CharField(
        label=_("Name of the study"),
        max_length=200,
        help_text=_(
            "Everybody in the study sees it, and e-mails contain it. Do not name a condition."
        ),
    )
    summary = forms.CharField(
        label=_("Summary"),
        max_length=2000,
        help_text=_("A few plain sentences about the study."),
        widget=forms.Textarea(attrs={"rows": SUMMARY_ROWS}),
    )
    organisation = forms.CharField(
        label=_("Organisation"), max_length=200, help_text=_("Invitations are sent in its name.")
    )
    contact = forms.EmailField(
        label=_("Contact address"),
        max_length=254,
        help_text=_("Shown on the Help page and with the consent text. Somebody must read it."),
    )


class PublicForm(forms.Form):
    """Whether people without an account can read about the study."""

    is_public = forms.BooleanField(
        label=_("Show this study to everybody, while it is open"),
        help_text=_(
            "A page that needs no account shows the description above, the pay, the languages and"
            " whom to ask. People can ask to take part; you decide whom you invite."
        ),
        required=False,
    )


class CohortForm(forms.Form):
    """Creating a cohort."""

    title = forms.CharField(
        label=_("Name of the cohort"),
        max_length=100,
        help_text=_("Such as “Lived experience” or “Clinicians”."),
    )
    role = forms.ChoiceField(
        label=_("Role of its members"),
        choices=[(Role.PANELIST, _("Panelist")), (Role.CLINICIAN, _("Clinician"))],
        widget=forms.RadioSelect,
        initial=Role.PANELIST,
        help_text=_("Clinicians also review rewrites and reports of harm."),
    )


class NameForm(forms.Form):
    """Renaming a cohort."""

    title = forms.CharField(label=_("Name of the cohort"), max_length=100)
