"""The form of a checked import: which column is which, and what is done with turns and texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.models import Upload
from modelhub.rules.import_choices import KINDS, NO_OPTIONS, ORIGIN, Options, options_from
from modelhub.rules.mapping import OURS
from modelhub.rules.prepare import own_name
from modelhub.rules.shapes.own import OWN, QUESTIONS

FROM_FORMAT, LEAVE_OUT, COLUMN = "", "-", "="
"""Values of a column's field: as the format has it, not used, or `=` and the file's column."""
LABELS = {
    "prompt": gettext_lazy("Prompt"),
    "responses": gettext_lazy("Responses"),
    "external_id": gettext_lazy("Your own id (external_id)"),
    "category": gettext_lazy("Category"),
    "topics": gettext_lazy("Topics"),
    "intensity": gettext_lazy("Intensity"),
    "language": gettext_lazy("Language"),
    "held_out": gettext_lazy("Held out"),
    "family": gettext_lazy("Family"),
}


class ImportOptionsForm(forms.Form):
    """A select for each of our columns, and one for each kind of turn or text in the file."""

    def __init__(self, upload: Upload, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._upload = upload
        self._options = options_from(upload.options) or NO_OPTIONS
        self._shape = upload.found.get("shape") or ""
        self._mapping = upload.found.get("mapping") or self._options.columns
        for ours in OURS:
            self.fields[ours] = self._column_field(ours)
        counts = upload.found.get("counts") or {}
        for kind in self._kinds(counts):
            self.fields[kind] = self._choice_field(kind, counts.get(kind, 0))

    @property
    def _of_format(self) -> bool:
        """Whether a format says what most columns mean."""
        return bool(self._shape) and self._shape not in (OWN.key, QUESTIONS.key)

    def _column_field(self, ours: str) -> forms.ChoiceField:
        choices = [(LEAVE_OUT, _("choose a column") if ours == "prompt" else _("leave out"))]
        if self._of_format:
            choices.insert(0, (FROM_FORMAT, _("as the format has it")))
        choices += [(f"{COLUMN}{name}", name) for name in self._upload.columns]
        return forms.ChoiceField(
            label=LABELS[ours], choices=choices, required=False, initial=self._initial(ours)
        )

    def _initial(self, ours: str) -> str:
        if ours in self._mapping:
            theirs = self._mapping[ours]
            return f"{COLUMN}{self._original(theirs)}" if theirs else LEAVE_OUT
        if self._of_format:
            return FROM_FORMAT
        return f"{COLUMN}{same}" if (same := self._original(ours)) else LEAVE_OUT

    def _original(self, name: str) -> str:
        """Return the name that the file has for a column, or an empty text."""
        columns = self._upload.columns
        return name if name in columns else next((c for c in columns if own_name(c) == name), "")

    def _kinds(self, counts: Mapping[str, int]) -> Iterator[str]:
        for kind in KINDS:
            responses = kind == ORIGIN and self._upload.found.get("responses")
            if counts.get(kind) or kind in self._options.chosen or responses:
                yield kind

    def _choice_field(self, kind: str, count: int) -> forms.ChoiceField:
        one = KINDS[kind]
        label = f"{one.name} ({count:,})" if count else str(one.name)
        return forms.ChoiceField(
            label=label,
            choices=list(one.options.items()),
            required=False,
            initial=self._options.choices[kind],
        )

    def _comes_in_anyway(self, ours: str) -> bool:
        return self._of_format or ours in self._mapping or bool(self._original(ours))

    @property
    def of_columns(self) -> list[forms.BoundField]:
        """The fields of our columns."""
        return [self[ours] for ours in OURS]

    @property
    def of_kinds(self) -> list[forms.BoundField]:
        """The fields of what is done with turns and texts."""
        return [self[kind] for kind in KINDS if kind in self.fields]

    def options(self) -> Options:
        """Return what was chosen, without what is so anyway."""
        columns: dict[str, str] = {}
        for ours in OURS:
            value = self.cleaned_data[ours]
            if value.startswith(COLUMN):
                if value[1:] != ours or self._of_format:
                    columns[ours] = value[1:]
            elif value == LEAVE_OUT and self._comes_in_anyway(ours):
                columns[ours] = ""
        chosen = dict(self._options.chosen)
        for kind in KINDS:
            if value := self.cleaned_data.get(kind):
                chosen.pop(kind, None)
                if value != KINDS[kind].default:
                    chosen[kind] = value
        return Options(columns, chosen)
