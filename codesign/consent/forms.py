"""The consent form: separate, unticked choices and a typed name (standards 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from codesign.consent import rules
from codesign.consent.models import ConsentVersion

PREFIX = "choice_"


class ConsentForm(forms.Form):
    """One unticked box for each choice that the version offers, in its order."""

    shown_hash = forms.CharField(widget=forms.HiddenInput, required=False)
    shown_terms = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, version: ConsentVersion, terms: str, **kwargs: Any) -> None:
        """`terms` is the digest of what else the page says before one signs, such as pay."""
        shown = {"shown_hash": version.content_hash, "shown_terms": terms}
        kwargs["initial"] = shown | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for choice in version.content["choices"]:
            self.fields[PREFIX + choice["purpose"]] = forms.BooleanField(
                label=choice["title"], help_text=choice["help"], required=False
            )
        self.fields["typed_name"] = forms.CharField(
            label=_("Your name, typed in full"),
            help_text=_("This stands for your signature."),
            max_length=200,
            error_messages={"required": _("Please type your name.")},
            widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        )

    def clean(self) -> dict[str, Any]:
        """Taking part is the one choice that signing needs; the sentence stands at its box."""
        cleaned = super().clean() or {}
        problem = rules.choice_problem(self.granted, self.offered)
        if problem:
            self.add_error(PREFIX + rules.Purpose.TAKE_PART, problem)
        return cleaned

    @property
    def offered(self) -> list[str]:
        """Purposes that have a box."""
        return [name.removeprefix(PREFIX) for name in self.fields if name.startswith(PREFIX)]

    @property
    def granted(self) -> list[str]:
        """Purposes that were ticked."""
        return [p for p in self.offered if self.cleaned_data.get(PREFIX + p)]

    @property
    def needed_choice(self) -> forms.BoundField:
        """The box for taking part."""
        return self[PREFIX + rules.Purpose.TAKE_PART]

    @property
    def optional_choices(self) -> Iterator[forms.BoundField]:
        """Every other box."""
        return (self[PREFIX + p] for p in self.offered if p != rules.Purpose.TAKE_PART)
