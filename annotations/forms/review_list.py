"""The filters of the review list, and the decision on several items at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from annotations.queries.review import Kind
from annotations.rules.states import FlagState, RewriteState
from codesign.studies.models import Cohort

LISTED_A_PAGE = 50
KINDS = [(str(Kind.FLAGS), _("Reports of harm")), (str(Kind.REWRITES), _("Rewrites"))]
STATES: dict[Kind, type[FlagState | RewriteState]] = {
    Kind.FLAGS: FlagState,
    Kind.REWRITES: RewriteState,
}


class ReviewFilterForm(forms.Form):
    """Which items are listed. Unknown values count as not chosen."""

    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    state = forms.ChoiceField(label=_("State"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    cohort = forms.ChoiceField(label=_("Cohort"), required=False)

    def __init__(
        self, *args: Any, kind: Kind, languages: Iterable[str], cohorts: Iterable[Cohort]
    ) -> None:
        """`languages` and `cohorts` are those of the study."""
        super().__init__(*args)
        self.cohorts = {cohort.key: cohort for cohort in cohorts}
        states = [(str(state), capfirst(str(state.label))) for state in [*STATES[kind]]]
        choices: dict[str, list[tuple[Any, Any]]] = {
            "state": [("", _("All that are waiting")), *states],
            "language": [("", _("All")), *((one, one) for one in languages)],
            "cohort": [("", _("All")), *((one.key, one.title) for one in self.cohorts.values())],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]

    @property
    def wanted(self) -> dict[str, Any]:
        """Return the filters of `queries.review.listed`, without invalid ones."""
        self.full_clean()
        chosen = {name: self.cleaned_data.get(name, "") for name in ("state", "language")}
        cohort = self.cohorts.get(self.cleaned_data.get("cohort", ""))
        return {**chosen, "cohort_id": cohort.id if cohort else None}


class ChosenForm(forms.Form):
    """What the page of confirmation sends again."""

    kind = forms.CharField(widget=forms.HiddenInput)
    state = forms.CharField(widget=forms.HiddenInput)
    item = forms.MultipleChoiceField(widget=forms.MultipleHiddenInput)
    confirmed = forms.CharField(widget=forms.HiddenInput)
