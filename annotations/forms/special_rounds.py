"""Forms to plan a training or attention round, and to write expected answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.forms.rounds import CohortForm
from annotations.models import RoundCohort
from annotations.rules.states import Ask, RoundKind
from annotations.services.rounds import CohortPlan
from codesign.shared.visible import shows_nothing
from codesign.studies.models import Cohort

MOST_EXPLANATION = 2000


class SpecialRoundForm(forms.Form):
    """What a round with expected answers is for, its title, and its prompts."""

    kind = forms.ChoiceField(
        label=_("Use"),
        choices=[
            (RoundKind.TRAINING, _("Training: new people begin with these texts, with feedback")),
            (RoundKind.ATTENTION, _("Attention: mixed into judging rounds, without feedback")),
        ],
        widget=forms.RadioSelect,
        initial=RoundKind.TRAINING,
    )
    title = forms.CharField(
        label=_("Title of the round"), max_length=120, help_text=_("Only staff see it.")
    )
    prompts = forms.CharField(
        label=_("Prompts"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "The id of one prompt in each line, as the page of prompts shows it. Each needs two"
            " different replies, and may be in no other round."
        ),
    )

    def clean_prompts(self) -> list[str]:
        """Return the lines that show something."""
        lines = [line.strip() for line in self.cleaned_data["prompts"].splitlines()]
        return [line for line in lines if not shows_nothing(line)]


class SpecialCohortForm(CohortForm):
    """What a cohort is asked there: ratings or a comparison, by everybody."""

    overlap = None  # type: ignore[assignment]  # everybody gets each text

    def __init__(self, data: Any = None, *, cohort: Cohort, before: RoundCohort | None) -> None:
        super().__init__(data, cohort=cohort, before=before)
        asks: Any = self.fields["asks"]
        asks.choices = [(ask, ask.label) for ask in (Ask.RATING, Ask.RANKING)]
        self.initial["asks"] = [ask for ask in self.initial["asks"] if ask in dict(asks.choices)]

    def plan(self) -> CohortPlan | None:
        """Return the plan of the cohort; None if it does not take part."""
        self.cleaned_data["overlap"] = 1
        return super().plan()


class ExplanationForm(forms.Form):
    """What people read after a training item."""

    explanation = forms.CharField(
        label=_("What others looked at"),
        max_length=MOST_EXPLANATION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_(
            "Optional for attention items, which give no feedback. Write it kindly: there is no"
            " wrong answer about a feeling."
        ),
    )
