"""The judging form as it is shown: questions, answers so far, and error messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from annotations.forms import words
from annotations.forms.fields import ChoiceField, Option, TextField, options
from annotations.forms.judging import mark_label, rating_input, reply_input, text_labels
from annotations.forms.judging_rubric import (
    only_if_sentence,
    scale_field,
    why_input,
)
from annotations.forms.judging_turns import Turn, conversation
from annotations.forms.marked import MarkedReply, marked_reply
from annotations.queries.shown import (
    ShownAssignment,
    ShownCriterion,
    ShownResponse,
    ShownRubric,
)
from annotations.rules.states import WORST_FIRST, Ask


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
    marked: MarkedReply | None
    """What is marked in the reply; None if nobody asks for marks."""

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
    cannot_rank: bool
    harm_error: str
    comment: TextField
    asks_ranking: bool
    letters: tuple[str, ...]
    reasons: tuple[Option, ...] = ()
    """Check boxes under “Why?”; the value is the name of the input."""
    asks_comment: bool = True
    turns: tuple[ChoiceField, ...] = ()
    """The scales for earlier replies. They are shown in the conversation."""

    @property
    def branches(self) -> bool:
        """Return whether some questions are asked only after some answers."""
        return any(criterion.only_if for criterion in self.criteria)

    @property
    def needed(self) -> tuple[ChoiceField, ...]:
        """Return the groups that need an answer after the answers so far."""
        ratings = [*self.turns]
        ratings += [scale for criterion in self.criteria for scale in criterion.scales]
        chosen = {scale.name: scale.value for scale in ratings}
        asked = (scale for scale in ratings if scale.is_asked(chosen))
        overall = (self.comparison,) if self.comparison else self.ranks
        return (*asked, *overall)

    @property
    def answered(self) -> int:
        """Return how many of these groups are answered. Without an order, no place is needed."""
        no_order = self.all_harmful or self.cannot_rank
        return sum(group.is_answered or (no_order and group in self.ranks) for group in self.needed)

    @property
    def progress(self) -> str:
        """Return how many of the answers are given, in words."""
        return str(words.ANSWERED).format(answered=self.answered, needed=len(self.needed))


@dataclass(frozen=True, slots=True)
class JudgingForm:
    """The whole form. `untouched` if nothing is filled in."""

    conversation: tuple[Turn, ...]
    replies: tuple[ReplyFields, ...]
    questions: Questions
    asks_rewrite: bool
    asks_flag: bool
    asks_highlight: bool
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
    replies = tuple(_reply(one, shown, inputs, errors) for one in shown["responses"])
    turns = conversation(shown, inputs, errors)
    questions = _questions(shown, inputs, errors, clinical=clinical)
    questions = replace(
        questions, turns=tuple(one.scale for turn in turns for one in turn.questions)
    )
    return JudgingForm(
        conversation=turns,
        replies=replies,
        questions=questions,
        asks_rewrite=Ask.REWRITE in shown["asks"],
        asks_flag=Ask.FLAG in shown["asks"],
        asks_highlight=Ask.HIGHLIGHT in shown["asks"],
        errors=tuple(_summary(errors, _labels(replies, questions, text_labels(shown)))),
        untouched=not errors and not any(inputs.values()),
    )


def _labels(
    replies: Iterable[ReplyFields], questions: Questions, texts: Mapping[str, words.Words]
) -> dict[str, words.Words]:
    """Return input → label, in the order of the page."""
    labels: dict[str, words.Words] = {field.name: field.legend for field in questions.turns}
    for reply in replies:
        labels[reply.rewrite.name] = texts[reply.rewrite.name]
        labels |= {field.name: field.legend for field in (reply.harm, reply.severity)}
        labels[reply.note.name] = texts[reply.note.name]
        labels |= (
            {name: mark_label(reply.letter) for name in reply.marked.names} if reply.marked else {}
        )
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
            asks = str(label).endswith(("?", "؟"))
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
        cannot_rank="cannot_rank" in inputs,
        harm_error=errors.get("all_harmful", ""),
        comment=TextField("comment", inputs.get("comment", ""), errors.get("comment", "")),
        asks_ranking=ranking,
        letters=tuple(response["label"] for response in shown["responses"]),
        reasons=tuple(
            Option(name, one["title"], name in inputs)
            for one in shown["rubric"]["reasons"]
            for name in [why_input(one["key"])]
        ),
    )


def _reply(
    response: ShownResponse,
    shown: ShownAssignment,
    inputs: Mapping[str, str],
    errors: Mapping[str, str],
) -> ReplyFields:
    letter = response["label"]
    harm, severity = reply_input("harm", response), reply_input("severity", response)
    harms = [("", _("Nothing")), *((one.value, str(one.label)) for one in WORST_FIRST)]
    names = {part: reply_input(part, response) for part in ("rewrite", "note")}
    rewrite = inputs.get(names["rewrite"]) or response["text"]
    return ReplyFields(
        letter=letter,
        text=response["text"],
        language=shown["prompt"]["language"],
        rewrite=TextField(names["rewrite"], rewrite, errors.get(names["rewrite"], "")),
        rewritten=rewrite.split() != response["text"].split(),
        harm=ChoiceField(
            name=harm,
            legend=_("What is wrong with reply %(letter)s?") % {"letter": letter},
            options=options(harms, inputs.get(harm, "")),
            error=errors.get(harm, ""),
        ),
        severity=ChoiceField(
            name=severity,
            legend=_("How much harm could reply %(letter)s do?") % {"letter": letter},
            options=options(
                [(str(value), text) for value, text in words.SEVERITIES.items()],
                inputs.get(severity, ""),
            ),
            error=errors.get(severity, ""),
        ),
        note=TextField(names["note"], inputs.get(names["note"], ""), errors.get(names["note"], "")),
        marked=(
            marked_reply(response, shown, inputs, errors)
            if Ask.HIGHLIGHT in shown["asks"]
            else None
        ),
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
    letter, condition = response["label"], criterion["only_if"]
    return scale_field(
        criterion,
        name=rating_input(letter, criterion["key"]),
        legend=_("%(question)s, reply %(letter)s")
        % {"question": criterion["title"], "letter": letter},
        inputs=inputs,
        errors=errors,
        letter=letter,
        only_after=rating_input(letter, condition["criterion"]) if condition else "",
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
        options=options(
            [
                *words.COMPARISON.items(),
                (words.CANNOT_RANK, _("They cannot be compared")),
                (words.BOTH_HARMFUL, _("Both could do harm")),
            ],
            inputs.get("comparison", ""),
        ),
        error=errors.get("comparison", ""),
    )


def _ranks(
    shown: ShownAssignment, inputs: Mapping[str, str], errors: Mapping[str, str]
) -> Iterable[ChoiceField]:
    places = [(str(n), str(n)) for n in range(1, len(shown["responses"]) + 1)]
    for response in shown["responses"]:
        name = reply_input("rank", response)
        yield ChoiceField(
            name=name,
            legend=_("Place of reply %(letter)s") % {"letter": response["label"]},
            options=options(places, inputs.get(name, "")),
            letter=response["label"],
            error=errors.get(name, ""),
        )
