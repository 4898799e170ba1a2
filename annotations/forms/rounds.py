"""Forms to plan a round: which prompts, and what each cohort is asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from annotations.forms.words import CATEGORIES
from annotations.models import RoundCohort, Rubric
from annotations.queries import rubrics
from annotations.rules.drawing import MOST_REPLIES
from annotations.rules.special_items import SHARES
from annotations.rules.states import Ask, Waiting
from annotations.rules.text_kinds import Category
from annotations.services.filling import Fill
from annotations.services.rounds import CohortPlan
from codesign.studies.models import Cohort


class Empty(StrEnum):
    """The choice besides those of `Waiting`."""

    NO_PROMPTS = "none"


WHICH = [
    (Waiting.NOT_ASKED, _("Prompts that are in no round yet")),
    (Waiting.EVERY, _("All prompts of the study, including those of earlier rounds")),
    (Empty.NO_PROMPTS, _("None yet: I will select this round when I generate or import replies")),
]


class RoundForm(forms.Form):
    """The title of a round and its first prompts."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    """The id of the new round, so that a double click plans one round."""
    title = forms.CharField(
        label=_("Title of the round"),
        max_length=120,
        help_text=_("Only staff see it."),
    )
    which = forms.ChoiceField(
        label=_("Prompts"),
        choices=WHICH,
        widget=forms.RadioSelect,
        initial=Waiting.NOT_ASKED,
        help_text=_(
            "A prompt needs two different replies. Held-out prompts, which are for comparisons of"
            " models, are left out."
        ),
    )
    categories = forms.MultipleChoiceField(
        label=_("Category"),
        choices=list(CATEGORIES.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=list(Category),
    )
    responses = forms.IntegerField(
        label=_("Replies shown together"),
        min_value=2,
        max_value=MOST_REPLIES,
        initial=2,
        help_text=_(
            "The most for each prompt. If a prompt has more, replies that were not shown yet come"
            " first, drawn evenly over the models. Each reply after the second adds half of the"
            " pay."
        ),
    )

    checks = forms.TypedChoiceField(
        label=_("Hidden checks"),
        choices=[
            ("", _("None")),
            *((share, format_lazy(_("One in {n} texts"), n=share)) for share in SHARES),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_(
            "So often, people get a text that they judged before, or an attention item. They are"
            " paid, nothing tells them, and these answers are no votes."
        ),
    )

    def check_every(self) -> int | None:
        """Return how often there is a hidden check."""
        share: int | None = self.cleaned_data["checks"]
        return share

    def fill(self) -> Fill | None:
        """Return what to fill the round with; None for a round that starts empty."""
        chosen = self.cleaned_data
        if chosen["which"] == Empty.NO_PROMPTS:
            return None
        return Fill(
            which=Waiting(chosen["which"]),
            categories=[Category(category) for category in chosen["categories"]],
            responses=chosen["responses"],
        )


class CohortForm(forms.Form):
    """What one cohort is asked. The other fields are required only if the cohort takes part."""

    takes_part = forms.BooleanField(label=_("This cohort judges in this round"), required=False)
    rubric: forms.ModelChoiceField[Rubric] = forms.ModelChoiceField(
        queryset=None, label=_("Questions"), empty_label=None
    )
    asks = forms.MultipleChoiceField(
        label=_("What they are asked to do"),
        choices=Ask.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    overlap = forms.IntegerField(
        label=_("People for each prompt"),
        min_value=1,
        max_value=50,
        help_text=_("The number of people who judge each prompt, independently of each other."),
    )

    def __init__(self, data: Any = None, *, cohort: Cohort, before: RoundCohort | None) -> None:
        self.cohort = cohort
        initial = {
            "takes_part": before is not None,
            "rubric": before.rubric_id if before else None,
            "asks": before.asks if before else [Ask.RATING, Ask.RANKING, Ask.FLAG],
            "overlap": before.overlap if before else 3,
        }
        super().__init__(data, prefix=cohort.key, initial=initial)
        rubric: Any = self.fields["rubric"]
        rubric.queryset = rubrics.rubrics_of(study_id=cohort.study_id)
        rubric.label_from_instance = _name_of
        if self.is_bound and not self["takes_part"].data:
            for field in self.fields.values():
                field.required = False

    def plan(self) -> CohortPlan | None:
        """Return the plan of the cohort; None if it does not take part."""
        chosen = self.cleaned_data
        if not chosen["takes_part"]:
            return None
        return CohortPlan(
            cohort=self.cohort,
            rubric=chosen["rubric"],
            asks=[Ask(ask) for ask in chosen["asks"]],
            overlap=chosen["overlap"],
        )


def _name_of(rubric: Rubric) -> str:
    return _("%(title)s, version %(n)d") % {"title": rubric.title, "n": rubric.version}


def cohort_forms(
    kind: type[CohortForm],
    data: Any,
    *,
    cohorts: Iterable[Cohort],
    before: Mapping[Any, RoundCohort],
) -> list[CohortForm]:
    """Return a form for each cohort, filled from the plan `before` of the same cohort."""
    return [kind(data, cohort=cohort, before=before.get(cohort.id)) for cohort in cohorts]


def plans_of(forms: Sequence[CohortForm]) -> list[CohortPlan]:
    """Return the plans of the cohorts that take part."""
    return [plan for form in forms if (plan := form.plan()) is not None]
