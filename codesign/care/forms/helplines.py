"""Forms to name a country of the study, and to add or change a helpline."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.care.models import Helpline
from codesign.care.rules.countries import countries
from codesign.care.rules.helplines import LineDetails, LineKind


class CountryForm(forms.Form):
    """Naming a country in which the study recruits."""

    country_code = forms.ChoiceField(label=_("Country"), choices=countries)


class LineForm(forms.Form):
    """A helpline. The service checks the numbers."""

    country_code = forms.ChoiceField(label=_("Country"), choices=countries)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=LineKind.choices, initial=LineKind.CRISIS, widget=forms.RadioSelect
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    phone = forms.CharField(
        label=_("Phone number (optional)"),
        help_text=_("As people in the country dial it. Separate several with commas."),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    text_number = forms.CharField(
        label=_("Number for text messages (optional)"),
        help_text=_("With the word to send, if there is one: SHOUT to 85258."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    url = forms.URLField(
        label=_("Web address (optional)"), max_length=300, required=False, assume_scheme="https"
    )
    hours = forms.CharField(
        label=_("Hours (optional)"),
        help_text=_("Such as: day and night."),
        max_length=120,
        required=False,
    )
    languages = forms.CharField(
        label=_("Languages"),
        help_text=_("Their codes, separated by commas, such as: en, es."),
        max_length=120,
    )
    source_url = forms.URLField(
        label=_("Source"),
        help_text=_("The page on which you found these details."),
        max_length=500,
        assume_scheme="https",
    )
    verified = forms.BooleanField(
        label=_("I have checked these details today, at the source or by calling."),
        help_text=_("People in the study see a line only after somebody has checked it."),
        required=False,
    )

    @property
    def details(self) -> LineDetails:
        """Return what was typed."""
        values: dict[str, Any] = {**self.cleaned_data}
        del values["verified"]
        codes = re.split(r"[\s,;]+", values.pop("languages").lower())
        return LineDetails(**values, languages=tuple(code for code in codes if code))


def initial_of(line: Helpline) -> dict[str, Any]:
    """Return what the form shows for an existing line."""
    values = {name: getattr(line, name) for name in LineDetails.__dataclass_fields__}
    return values | {"languages": ", ".join(line.languages)}
