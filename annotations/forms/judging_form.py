"""What the judging page shows: the questions with what has been answered and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.forms import words
from annotations.forms.judging import rating_field, reply_field
from annotations.queries.assignments import ShownAssignment, ShownCriterion, ShownResponse
from annotations.rules.states import WORST_FIRST, Ask


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a group."""

    value: str
    label: words.Words
    chosen: bool
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Radio buttons or a select, with their name, legend and what is missing."""

    name: str
    legend: words.Words
    options: tuple[Option, ...]
    letter: str = ""
    error: str = ""

    @property
    def low(self) -> Option:
        """The lowest point of a scale."""
        return self.options[0]

    @property
    def high(self) -> Option:
        """The highest point of a scale."""
        return self.options[-1]


@dataclass(frozen=True, slots=True)
class Question:
    """A criterion with one scale for each reply."""

    key: str
    title: str
    text: str
    scales: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with what can be done to it."""

    letter: str
    text: str
    language: str
    rewrite: str
    rewritten: bool
    harm: Group
    severity: Group
    note: str

    @property
    def reported(self) -> bool:
        """Whether the report is to stand open."""
        return bool(self.note or self.harm.error or self.severity.error) or any(
            option.chosen and option.value for option in self.harm.options
        )


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked about the replies together, with the answers so far."""

    replies: int
    criteria: tuple[Question, ...]
    comparison: Group | None
    ranks: tuple[Group, ...]
    all_harmful: bool
    harm_error: str
    comment: str
    asks_ranking: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form as it is to be shown; `untouched` where nothing of it is filled in."""

    replies: tuple[Reply, ...]
    questions: Questions
    asks_rewrite: bool
    asks_flag: bool
    errors: tuple[tuple[str, str], ...]
    untouched: bool


def sheet(
    shown: ShownAssignment, fields: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> Sheet:
    """Lay out what this assignment asks, filled in with `fields`."""
    errors = errors or {}
    return Sheet(
        replies=tuple(
            _reply(one, shown["prompt"]["language"], fields, errors) for one in shown["responses"]
        ),
        questions=_questions(shown, fields, errors),
        asks_rewrite=Ask.REWRITE in shown["asks"],
        asks_flag=Ask.FLAG in shown["asks"],
        errors=tuple(errors.items()),
        untouched=not errors and not any(fields.values()),
    )


def _questions(
    shown: ShownAssignment, fields: Mapping[str, str], errors: Mapping[str, str]
) -> Questions:
    ranking = Ask.RANKING in shown["asks"]
    count = len(shown["responses"])
    return Questions(
        replies=count,
        criteria=tuple(_criteria(shown, fields, errors)) if Ask.RATING in shown["asks"] else (),
        comparison=_comparison(fields, errors) if ranking and count == 2 else None,
        ranks=tuple(_ranks(shown, fields, errors)) if ranking and count > 2 else (),
        all_harmful="all_harmful" in fields,
        harm_error=errors.get("all_harmful", ""),
        comment=fields.get("comment", ""),
        asks_ranking=ranking,
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
    response: ShownResponse, language: str, fields: Mapping[str, str], errors: Mapping[str, str]
) -> Reply:
    letter = response["label"]
    harm, severity = reply_field("harm", response), reply_field("severity", response)
    harms = [("", _("Nothing")), *((one.value, str(one.label)) for one in WORST_FIRST)]
    rewrite = fields.get(reply_field("rewrite", response)) or response["text"]
    return Reply(
        letter=letter,
        text=response["text"],
        language=language,
        rewrite=rewrite,
        rewritten=rewrite.split() != response["text"].split(),
        harm=Group(
            name=harm,
            legend=_("What is wrong with reply %(letter)s?") % {"letter": letter},
            options=_options(harms, fields.get(harm, "")),
            error=errors.get(harm, ""),
        ),
        severity=Group(
            name=severity,
            legend=_("How much harm could it do?"),
            options=_options(
                [(str(value), text) for value, text in words.SEVERITIES.items()],
                fields.get(severity, ""),
            ),
            error=errors.get(severity, ""),
        ),
        note=fields.get(reply_field("note", response), ""),
    )


def _criteria(
    shown: ShownAssignment, fields: Mapping[str, str], errors: Mapping[str, str]
) -> Iterable[Question]:
    for criterion in shown["rubric"]["criteria"]:
        yield Question(
            key=criterion["key"],
            title=criterion["title"],
            text=criterion["question"],
            scales=tuple(_scale(criterion, one, fields, errors) for one in shown["responses"]),
        )


def _scale(
    criterion: ShownCriterion,
    response: ShownResponse,
    fields: Mapping[str, str],
    errors: Mapping[str, str],
) -> Group:
    name, scale = rating_field(response["label"], criterion["key"]), criterion["scale"]
    points = [str(n) for n in range(scale["min"], scale["max"] + 1)]
    return Group(
        name=name,
        legend=_("%(question)s, reply %(letter)s")
        % {"question": criterion["title"], "letter": response["label"]},
        options=_options(
            [(point, point) for point in points], fields.get(name, ""), scale["anchors"]
        ),
        letter=response["label"],
        error=errors.get(name, ""),
    )


def _comparison(fields: Mapping[str, str], errors: Mapping[str, str]) -> Group:
    return Group(
        name="comparison",
        legend=_("Which reply would you rather have got?"),
        options=_options(
            [*words.COMPARISON.items(), (words.BOTH_HARMFUL, _("Both could do harm"))],
            fields.get("comparison", ""),
        ),
        error=errors.get("comparison", ""),
    )


def _ranks(
    shown: ShownAssignment, fields: Mapping[str, str], errors: Mapping[str, str]
) -> Iterable[Group]:
    places = [("", _("Choose")), *((str(n), str(n)) for n in range(1, len(shown["responses"]) + 1))]
    for response in shown["responses"]:
        name = reply_field("rank", response)
        yield Group(
            name=name,
            legend=_("Place of reply %(letter)s") % {"letter": response["label"]},
            options=_options(places, fields.get(name, "")),
            letter=response["label"],
            error=errors.get(name, ""),
        )
