"""What a rubric adds to the judging form: questions that depend on answers, and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.forms.fields import ChoiceField, options
from annotations.queries.shown import ShownAssignment, ShownCriterion, ShownRubric
from annotations.rules.scales import UNSURE, Condition, Rating, ScaleKind, only_asked

MOST_IN_A_ROW = 3
"""Named options that are shown in a row on phones, too."""


def ratings_asked(
    ratings: Iterable[Rating], rubric: ShownRubric, *, about: str = "response"
) -> list[Rating]:
    """Return the ratings without those of questions that these answers do not lead to.

    Without scripts, people can answer such a question, and cannot clear the answer. `about` is
    “response” or “turn”.
    """
    conditions = {
        one["key"]: Condition(one["only_if"]["criterion"], frozenset(one["only_if"]["scores"]))
        for one in rubric["criteria"]
        if one["only_if"]
    }
    criteria = [one["key"] for one in rubric["criteria"]]
    return only_asked(ratings, criteria, conditions, about=about)


def score_of(typed: str) -> int | None:
    """Return the score that an input has, or None."""
    digits = typed.removeprefix("-")
    return int(typed) if digits.isascii() and digits.isdigit() and len(digits) < 5 else None


def scale_field(
    criterion: ShownCriterion,
    *,
    name: str,
    legend: str,
    inputs: Mapping[str, str],
    errors: Mapping[str, str],
    letter: str = "",
    only_after: str = "",
) -> ChoiceField:
    """Return the radio group of a criterion. `only_after` is the group that it depends on."""
    condition, kind = criterion["only_if"], criterion["scale"]["kind"]
    shown_as = "numbers" if kind == ScaleKind.LIKERT else "answers"
    choices = choices_of(criterion)
    if kind == ScaleKind.CATEGORY and len(choices) > MOST_IN_A_ROW:
        shown_as = "options"
    return ChoiceField(
        name=name,
        legend=legend,
        options=options(choices, inputs.get(name, ""), anchors_of(criterion)),
        letter=letter,
        error=errors.get(name, ""),
        shape=shown_as,
        only_after=only_after,
        only_scores=" ".join(map(str, condition["scores"])) if condition else "",
    )


def why_input(key: str) -> str:
    """Return the name of the check box of a reason."""
    return f"why-{key}"


def chosen_reasons(posted: Mapping[str, str], rubric: ShownRubric) -> list[str]:
    """Return the keys of the reasons that are checked."""
    return [one["key"] for one in rubric["reasons"] if why_input(one["key"]) in posted]


def reason_inputs(draft: Mapping[str, Any], shown: ShownAssignment) -> Iterator[tuple[str, str]]:
    """Yield the inputs of the reasons of a draft that the page can show."""
    why = draft.get("why")
    for key in why if isinstance(why, list) else ():
        if key in [one["key"] for one in shown["rubric"]["reasons"]]:
            yield why_input(key), "on"


def choices_of(criterion: ShownCriterion) -> list[tuple[str, str]]:
    """Return (score, label) of each choice: numbers, or words where numbers mean nothing."""
    scale = criterion["scale"]
    scores = [str(score) for score in range(scale["min"], scale["max"] + 1)]
    words = scale["anchors"] if scale["kind"] != ScaleKind.LIKERT else {}
    choices = [(score, words.get(score, score)) for score in scores]
    if criterion["unsure"] is not None:
        unsure = str(criterion["unsure"])
        choices.append((unsure, scale["anchors"].get(unsure, _("Not sure"))))
    return choices


def anchors_of(criterion: ShownCriterion) -> dict[str, str]:
    """Return the words that are shown beside the labels of a scale of numbers."""
    scale = criterion["scale"]
    if scale["kind"] != ScaleKind.LIKERT:
        return {}
    return {score: words for score, words in scale["anchors"].items() if score != str(UNSURE)}


def only_if_sentence(criterion: ShownCriterion, rubric: ShownRubric) -> str:
    """Return a sentence that says when a question is asked, or "" if it always is."""
    condition = criterion["only_if"]
    if condition is None:
        return ""
    before = next(one for one in rubric["criteria"] if one["key"] == condition["criterion"])
    labels, anchors = dict(choices_of(before)), anchors_of(before)
    answers = [
        f"{labels[score]} ({anchors[score]})" if score in anchors else labels[score]
        for score in map(str, condition["scores"])
    ]
    return _("Only if “%(question)s” is: %(answers)s.") % {
        "question": before["title"],
        "answers": _(" or ").join(answers),
    }
