"""The form to translate a rubric: the same words in one more language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.forms.rubrics import MOST_ANCHOR
from annotations.models import Rubric
from codesign.shared.integers import limits

LENGTHS = {"title": 120, "help": 300}


class TranslationForm(forms.Form):
    """A field for every text of a rubric, with the text as its label."""

    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=1, max_value=limits(Rubric, "version")[1]
    )
    """The version whose texts were shown."""
    language = forms.RegexField(
        label=_("Language"),
        regex=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        max_length=12,
        help_text=_("As a code, such as es, ar or pt-BR."),
        error_messages={"invalid": _("Please give a code such as es, ar or pt-BR.")},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        criteria: Sequence[Mapping[str, Any]],
        reasons: Sequence[Mapping[str, Any]],
        labels: Sequence[Mapping[str, Any]],
        written: str,
        version: int,
    ) -> None:
        super().__init__(data, initial={"version": version})
        self._version = version
        self._criteria, self._written = criteria, written
        self._short = {"reason": reasons, "label": labels}
        for name, label, most in self._places():
            widget = forms.TextInput(attrs={"dir": "auto"})
            self.fields[name] = forms.CharField(label=label, max_length=most, widget=widget)

    def clean(self) -> dict[str, Any]:
        """Refuse words for an older version once, and keep them beside the texts of the newer."""
        if self.cleaned_data.get("version") != self._version:
            self.data = {**dict(self.data.items()), "version": str(self._version)}
            raise forms.ValidationError(_("There is a newer version. Translate that one."))
        return self.cleaned_data

    def _places(self) -> list[tuple[str, str, int]]:
        """Return (name, text, most characters) of each text, in order."""
        places = []
        for one in self._criteria:
            places += [(f"{part}-{one['key']}", one[part], LENGTHS[part]) for part in LENGTHS]
            places += [
                (f"anchor-{one['key']}-{score}", words, MOST_ANCHOR)
                for score, words in one["scale"]["anchors"].items()
            ]
        places += [
            (f"{kind}-{one['key']}", one["title"], MOST_ANCHOR)
            for kind, short in self._short.items()
            for one in short
        ]
        return [place for place in places if place[1]]

    def clean_language(self) -> str:
        """Refuse the language in which the rubric is written."""
        language: str = self.cleaned_data["language"]
        if language == self._written:
            raise forms.ValidationError(_("The questions are written in this language."))
        return language

    def texts(self) -> dict[str, dict[str, Any]]:
        """Return criterion → its words, for `translate_rubric`."""
        said = self.cleaned_data
        return {
            one["key"]: {
                "title": said[f"title-{one['key']}"],
                "help": said.get(f"help-{one['key']}", ""),
                "anchors": {
                    score: said.get(f"anchor-{one['key']}-{score}", "")
                    for score in one["scale"]["anchors"]
                },
            }
            for one in self._criteria
        }

    def reasons(self) -> dict[str, str]:
        """Return reason → its title, for `translate_rubric`."""
        return self._titles("reason")

    def labels(self) -> dict[str, str]:
        """Return label → its title, for `translate_rubric`."""
        return self._titles("label")

    def _titles(self, kind: str) -> dict[str, str]:
        return {one["key"]: self.cleaned_data[f"{kind}-{one['key']}"] for one in self._short[kind]}
