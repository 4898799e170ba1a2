"""Forms for a new study and its coordinator."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.studies.forms import AboutForm


class CoordinatorForm(forms.Form):
    """Naming the coordinator of a study."""

    email = forms.EmailField(
        label=_("E-mail address of the coordinator"),
        max_length=254,
        help_text=_("We send them an e-mail. They set the study up and run it."),
    )


class NewStudyForm(AboutForm, CoordinatorForm):
    """A new study. The coordinator completes and changes the details later."""

    field_order = ("title", "slug", "summary", "organisation", "contact", "email")

    slug = forms.SlugField(
        label=_("Short name for web addresses"),
        max_length=50,
        help_text=_("Lower-case letters, digits and hyphens, such as “hard-days”. Permanent."),
        error_messages={"invalid": _("Please use only lower-case letters, digits and hyphens.")},
    )

    def clean_slug(self) -> str:
        """Return the short name in lower case, so that addresses are easy to type."""
        return str(self.cleaned_data["slug"]).lower()
