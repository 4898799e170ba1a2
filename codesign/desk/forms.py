"""A new study and who coordinates it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.studies.forms import AboutForm


class CoordinatorForm(forms.Form):
    """Who coordinates a study."""

    email = forms.EmailField(
        label=_("E-mail address of its coordinator"),
        max_length=254,
        help_text=_("We write to them. They set the study up and run it."),
    )


class NewStudyForm(AboutForm, CoordinatorForm):
    """What is known on the first day; the coordinator fills in and changes the rest."""

    field_order = ("title", "slug", "summary", "organisation", "contact", "email")

    slug = forms.SlugField(
        label=_("Short name in addresses"),
        max_length=50,
        help_text=_("Small letters, digits and hyphens, such as “hard-days”. It stays for good."),
        error_messages={"invalid": _("Please use small letters, digits and hyphens alone.")},
    )

    def clean_slug(self) -> str:
        """Addresses are in small letters, so that nobody mistypes one."""
        return str(self.cleaned_data["slug"]).lower()
