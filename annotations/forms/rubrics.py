"""Forms to write a rubric: questions, each with words for its five scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Rubric
from codesign.shared.integers import limits
from codesign.shared.keys import free_key
from codesign.shared.visible import shows_nothing

LOWEST, HIGHEST = 1, 5
MOST_QUESTIONS = 20
MOST_ANCHOR = 60


class RubricForm(forms.Form):
    """The title of a rubric."""

    after = forms.IntegerField(
        widget=forms.HiddenInput,
        required=False,
        initial=0,
        min_value=0,
        max_value=limits(Rubric, "version")[1],
    )
    """The version that the page showed."""
    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        help_text=_("People see it above the questions, such as “How would it feel to get this?”"),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


def _words(label: Any, most: int, help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"dir": "auto"})
    return forms.CharField(label=label, max_length=most, help_text=help_text, widget=widget)


class CriterionForm(forms.Form):
    """One question. An empty one is removed."""

    key = forms.SlugField(widget=forms.HiddenInput, required=False)
    title = _words(_("Short name"), 120)
    question = _words(_("The question"), 300)
    anchor_1 = _words(_("1 means"), MOST_ANCHOR)
    anchor_2 = _words(_("2 means"), MOST_ANCHOR)
    anchor_3 = _words(_("3 means"), MOST_ANCHOR)
    anchor_4 = _words(_("4 means"), MOST_ANCHOR)
    anchor_5 = _words(_("5 means"), MOST_ANCHOR)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and not any(self._typed(name) for name in self.fields if name != "key"):
            self.empty = True
            for field in self.fields.values():
                field.required = False
        else:
            self.empty = False

    def _typed(self, name: str) -> bool:
        return not shows_nothing(str(self[name].data or ""))

    @property
    def anchors(self) -> list[forms.BoundField]:
        """Return the fields for the words of the five scores."""
        return [self[f"anchor_{score}"] for score in range(LOWEST, HIGHEST + 1)]


_CriterionForms = forms.formset_factory(
    CriterionForm, extra=1, max_num=MOST_QUESTIONS, absolute_max=MOST_QUESTIONS
)


class CriterionForms(_CriterionForms):  # type: ignore[misc, valid-type]
    """The questions in order, followed by an empty one."""

    def __init__(self, data: Any = None, *, criteria: Sequence[Mapping[str, Any]] = ()) -> None:
        # posted questions replace the stored ones, so they are not compared with them
        super().__init__(data, initial=[] if data else list(criteria), prefix="questions")

    def again(self) -> CriterionForms:
        """Return the forms with the typed text, not validated, and one more empty question."""
        typed = [
            {name: form[name].data or "" for name in form.fields}
            for form in self.forms
            if not form.empty
        ]
        return CriterionForms(criteria=typed)

    def clean(self) -> None:
        """Require at least one question."""
        if all(form.empty for form in self.forms):
            raise forms.ValidationError(_("Write at least one question."))

    def criteria(self) -> list[dict[str, Any]]:
        """Return criteria for `services.rubrics.make_rubric`. A question keeps its key for ever."""
        criteria: list[dict[str, Any]] = []
        taken = {form.cleaned_data["key"] for form in self.forms if not form.empty}
        for form in self.forms:
            if form.empty:
                continue
            cleaned = form.cleaned_data
            scores = range(LOWEST, HIGHEST + 1)
            criteria.append(
                {
                    "key": _key(
                        cleaned["key"], cleaned["title"], {c["key"] for c in criteria}, taken
                    ),
                    "title": cleaned["title"],
                    "help": cleaned["question"],
                    "scale": {
                        "kind": "likert",
                        "min": LOWEST,
                        "max": HIGHEST,
                        "anchors": {str(n): cleaned[f"anchor_{n}"] for n in scores},
                    },
                }
            )
        return criteria


def _key(kept: str, title: str, before: set[str], taken: set[str]) -> str:
    """Return the previous key of a question, or an unused one from its title."""
    if kept and kept not in before:
        return kept
    return free_key(title, taken=before | taken, instead="question", joint="_")


def typed_from(criteria: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return initial data of the forms from criteria in the format of `make_rubric`."""
    return [
        {"key": one["key"], "title": one["title"], "question": one.get("help", "")}
        | {f"anchor_{score}": words for score, words in one["scale"]["anchors"].items()}
        for one in criteria
    ]
