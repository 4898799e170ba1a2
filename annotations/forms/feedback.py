"""The feedback after a training item: a person's answers beside those of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotations.forms.fields import ChoiceField
from annotations.forms.judging import inputs
from annotations.forms.judging_form import JudgingForm, judging_form
from annotations.forms.words import Words
from annotations.queries.shown import ShownAssignment


@dataclass(frozen=True, slots=True)
class Compared:
    """One question, and both answers in words."""

    legend: Words
    own: str
    others: str

    @property
    def same(self) -> bool:
        """Return whether both answers are the same."""
        return self.own == self.others


def compared(
    shown: ShownAssignment, *, own: dict[str, Any], others: dict[str, Any], clinical: bool
) -> list[Compared]:
    """Return every question that either of both answered, in the order of the page."""
    mine, theirs = (_filled(shown, answers, clinical=clinical) for answers in (own, others))
    pairs = zip(_groups(mine), _groups(theirs), strict=True)
    rows = [Compared(one.legend, _answer(one), _answer(two)) for one, two in pairs]
    return [row for row in rows if row.own or row.others]


def _filled(shown: ShownAssignment, answers: dict[str, Any], *, clinical: bool) -> JudgingForm:
    with_answers: ShownAssignment = {**shown, "draft": answers}
    return judging_form(with_answers, inputs(with_answers), clinical=clinical)


def _groups(form: JudgingForm) -> list[ChoiceField]:
    questions = form.questions
    groups = [*questions.turns]
    groups += [scale for criterion in questions.criteria for scale in criterion.scales]
    overall = [questions.comparison] if questions.comparison else [*questions.ranks]
    return [*groups, *overall]


def _answer(group: ChoiceField) -> str:
    """Return the chosen answer in words, or "" without one."""
    chosen = [option for option in group.options if option.chosen and option.value]
    if not chosen:
        return ""
    return f"{chosen[0].label} ({chosen[0].anchor})" if chosen[0].anchor else str(chosen[0].label)
