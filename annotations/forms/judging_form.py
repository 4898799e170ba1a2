"""The judging form as it is shown: questions, answers so far, and error messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.forms import words
from annotations.forms.judging import rating_input, reply_input, text_labels
from annotations.forms.judging_rubric import (
    anchors_of,
    choices_of,
    only_if_sentence,
    why_input,
)
from annotations.queries.shown import (
    ShownAssignment,
    ShownCriterion,
    ShownResponse,
    ShownRubric,
)
from annotations.rules.scales import UNSURE, ScaleKind
from annotations.rules.states import WORST_FIRST, Ask


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a group."""

    value: str
    label: words.Words
    chosen: bool
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """Radio buttons or a select, with their name, legend and error.

    With `only_after`, it is asked only if the input of that name has one of `only_scores`.
    """

    name: str
    legend: words.Words
    options: tuple[Option, ...]
    letter: str = ""
    error: str = ""
    shape: str = "numbers"
    only_after: str = ""
    only_scores: str = ""

    @property
    def low(self) -> Option:
        """Return the lowest point of a scale."""
        return self.options[0]

    @property
    def high(self) -> Option:
        """Return the highest point of a scale."""
        points = [option for option in self.options if option.value != str(UNSURE)]
        return points[-1]


@dataclass(frozen=True, slots=True)
class TextField:
    """An input for free text, with its name and error."""

    name: str
    value: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class CriterionFields:
    """A criterion with one scale for each reply. `only_if` says when it is asked, or is empty."""

    key: str
    title: str
    question: str
    scales: tuple[ChoiceField, ...]
    only_if: str = ""


@dataclass(frozen=True, slots=True)
class ReplyFields:
    """A reply with its rewrite and its report of harm."""

    letter: str
    text: str
    language: str
    rewrite: TextField
    rewritten: bool
    harm: ChoiceField
    severity: ChoiceField
    note: TextField

    @property
    def reported(self) -> bool:
        """Return whether the report has content or errors, so that it is shown unfolded."""
        errors = self.harm.error or self.severity.error
        return bool(self.note.value or errors) or any(
            option.chosen and option.value for option in self.harm.options
        )


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions about all replies, with the answers so far."""

    replies: int
    criteria: tuple[CriterionFields, ...]
    comparison: ChoiceField | None
    ranks: tuple[ChoiceField, ...]
    all_harmful: bool
    harm_error: str
    comment: TextField
    asks_ranking: bool
    reasons: tuple[Option, ...] = ()
    """Check boxes under “Why?”; the value is the name of the input."""
    asks_comment: bool = True

    @property
    def branches(self) -> bool:
        """Return whether some questions are asked only after some answers."""
        return any(criterion.only_if for criterion in self.criteria)


@dataclass(frozen=True, slots=True)
class JudgingForm:
    """The whole form. `untouched` if nothing is filled in."""

    replies: tuple[ReplyFields, ...]
    questions: Questions
    asks_rewrite: bool
    asks_flag: bool
    errors: tuple[tuple[str, str], ...]
    """(input, label and error message), in the order of the page."""
    untouched: bool


def judging_form(
    shown: ShownAssignment,
    inputs: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    clinical: bool = False,
) -> JudgingForm:
    """Return the form of an assignment, filled in with `inputs`.

    `clinical` asks which reply is better for the person, as clinicians judge for somebody else.
    """
    errors = errors or {}
    replies = tuple(
        _reply(one, shown["prompt"]["language"], inputs, errors) for one in shown["responses"]
    )
    questions = _questions(shown, inputs, errors, clinical=clinical)
    return JudgingForm(
        replies=replies,
        questions=questions,
        asks_rewrite=Ask.REWRITE in shown["asks"],
        asks_flag=Ask.FLAG in shown["asks"],
        errors=tuple(_summary(errors, _labels(replies, questions, text_labels(shown)))),
        untouched=not errors and not any(inputs.values()),
    )


def _labels(
    replies: Iterable[ReplyFields], questions: Questions, texts: Mapping[str, words.Words]
) -> dict[str, words.Words]:
    """Return input → label, in the order of the page."""
    labels: dict[str, words.Words] = {}
    for reply in replies:
        labels[reply.rewrite.name] = texts[reply.rewrite.name]
        labels |= {field.name: field.legend for field in (reply.harm, reply.severity)}
        labels[reply.note.name] = texts[reply.note.name]
    for criterion in questions.criteria:
        labels |= {field.name: field.legend for field in criterion.scales}
    overall = [questions.comparison] if questions.comparison else questions.ranks
    labels |= {field.name: field.legend for field in overall}
    labels["all_harmful"] = _("All of them could do harm")
    labels["comment"] = texts["comment"]
    return labels


def _summary(
    errors: Mapping[str, str], labels: Mapping[str, words.Words]
) -> Iterable[tuple[str, str]]:
    """Yield the errors in the order of the page, those without an input first."""
    for name in sorted(errors.keys() - labels.keys()):
        yield "", errors[name]
    for name, label in labels.items():
        if name in errors:
            words_of = {"label": label, "error": errors[name]}
            asks = str(label).endswith("?")
            yield name, (_("%(label)s %(error)s") if asks else _("%(label)s: %(error)s")) % words_of


def _questions(
    shown: ShownAssignment, inputs: Mapping[str, str], errors: Mapping[str, str], *, clinical: bool
) -> Questions:
    ranking = Ask.RANKING in shown["asks"]
    count = len(shown["responses"])
    return Questions(
        replies=count,
        criteria=tuple(_criteria(shown, inputs, errors)) if Ask.RATING in shown["asks"] else (),
        comparison=_comparison(inputs, errors, clinical) if ranking and count == 2 else None,
        ranks=tuple(_ranks(shown, inputs, errors)) if ranking and count > 2 else (),
        all_harmful="all_harmful" in inputs,
        harm_error=errors.get("all_harmful", ""),
        comment=TextField("comment", inputs.get("comment", ""), errors.get("comment", "")),
        asks_ranking=ranking,
        reasons=tuple(
            Option(name, one["title"], name in inputs)
            for one in shown["rubric"]["reasons"]
            for name in [why_input(one["key"])]
        ),
    )


def _options(
    choices: Iterable[tuple[str, words.Words]],
    chosen: str,
    anchors: Mapping[str, str] | None = None,
) -> tuple[Option, ...]:
    anchors = anchors or {}
    return tuple(
        Option(value, label, value == chosen, anchors.get(value, "")) for value, label in choices
    )


def _reply(
    response: ShownResponse, language: str, inputs: Mapping[str, str], errors: Mapping[str, str]
) -> ReplyFields:
    letter = response["label"]
    harm, severity = reply_input("harm", response), reply_input("severity", response)
    harms = [("", _("Nothing")), *((one.value, str(one.label)) for one in WORST_FIRST)]
    names = {part: reply_input(part, response) for part in ("rewrite", "note")}
    rewrite = inputs.get(names["rewrite"]) or response["text"]
    return ReplyFields(
        letter=letter,
        text=response["text"],
        language=language,
        rewrite=TextField(names["rewrite"], rewrite, errors.get(names["rewrite"], "")),
        rewritten=rewrite.split() != response["text"].split(),
        harm=ChoiceField(
            name=harm,
            legend=_("What is wrong with reply %(letter)s?") % {"letter": letter},
            options=_options(harms, inputs.get(harm, "")),
            error=errors.get(harm, ""),
        ),
        severity=ChoiceField(
            name=severity,
            legend=_("How much harm could reply %(letter)s do?") % {"letter": letter},
            options=_options(
                [(str(value), text) for value, text in words.SEVERITIES.items()],
                inputs.get(severity, ""),
            ),
            error=errors.get(severity, ""),
        ),
        note=TextField(names["note"], inputs.get(names["note"], ""), errors.get(names["note"], "")),
    )


def _criteria(
    shown: ShownAssignment, inputs: Mapping[str, str], errors: Mapping[str, str]
) -> Iterable[CriterionFields]:
    rubric: ShownRubric = shown["rubric"]
    for criterion in rubric["criteria"]:
        yield CriterionFields(
            key=criterion["key"],
            title=criterion["title"],
            question=criterion["question"],
            scales=tuple(_scale(criterion, one, inputs, errors) for one in shown["responses"]),
            only_if=only_if_sentence(criterion, rubric),
        )


def _scale(
    criterion: ShownCriterion,
    response: ShownResponse,
    inputs: Mapping[str, str],
    errors: Mapping[str, str],
) -> ChoiceField:
    name, condition = rating_input(response["label"], criterion["key"]), criterion["only_if"]
    return ChoiceField(
        name=name,
        legend=_("%(question)s, reply %(letter)s")
        % {"question": criterion["title"], "letter": response["label"]},
        options=_options(choices_of(criterion), inputs.get(name, ""), anchors_of(criterion)),
        letter=response["label"],
        error=errors.get(name, ""),
        shape="numbers" if criterion["scale"]["kind"] == ScaleKind.LIKERT else "answers",
        only_after=rating_input(response["label"], condition["criterion"]) if condition else "",
        only_scores=" ".join(map(str, condition["scores"])) if condition else "",
    )


def _comparison(
    inputs: Mapping[str, str], errors: Mapping[str, str], clinical: bool
) -> ChoiceField:
    legend = _("Which reply would you rather have got?")
    if clinical:
        legend = _("Which reply would be better for this person?")
    return ChoiceField(
        name="comparison",
        legend=legend,
        options=_options(
            [*words.COMPARISON.items(), (words.BOTH_HARMFUL, _("Both could do harm"))],
            inputs.get("comparison", ""),
        ),
        error=errors.get("comparison", ""),
    )


def _ranks(
    shown: ShownAssignment, inputs: Mapping[str, str], errors: Mapping[str, str]
) -> Iterable[ChoiceField]:
    places = [("", _("Choose")), *((str(n), str(n)) for n in range(1, len(shown["responses"]) + 1))]
    for response in shown["responses"]:
        name = reply_input("rank", response)
        yield ChoiceField(
            name=name,
            legend=_("Place of reply %(letter)s") % {"letter": response["label"]},
            options=_options(places, inputs.get(name, "")),
            letter=response["label"],
            error=errors.get(name, ""),
        )
