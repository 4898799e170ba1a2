"""Questions about the earlier replies of a conversation, each beside the reply it asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotations.forms.fields import ChoiceField
from annotations.forms.judging_rubric import (
    only_if_sentence,
    ratings_asked,
    scale_field,
    score_of,
)
from annotations.queries.shown import ShownAssignment, ShownCriterion
from annotations.rules.states import Ask

Inputs = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TurnQuestion:
    """A criterion with the scale for one earlier reply."""

    title: str
    question: str
    scale: ChoiceField
    only_if: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the conversation. `number` counts the earlier replies that are judged, or is 0."""

    role: str
    content: str
    number: int = 0
    questions: tuple[TurnQuestion, ...] = ()


def turn_input(turn: int, criterion: str) -> str:
    """Return the name of the radio group for one earlier reply and one question."""
    return f"turn-{turn}-{criterion}"


def criteria_of_turns(shown: ShownAssignment) -> list[ShownCriterion]:
    """Return the criteria that are asked about earlier replies."""
    return [one for one in shown["rubric"]["criteria"] if one["turns"]]


def turn_ratings(posted: Inputs, shown: ShownAssignment) -> list[dict[str, Any]]:
    """Return the scores of earlier replies, without those that are not asked for."""
    ratings = [
        {"turn": turn, "criterion": criterion["key"], "score": score}
        for turn in shown["turns"]
        for criterion in criteria_of_turns(shown)
        if (score := score_of(posted.get(turn_input(turn, criterion["key"]), ""))) is not None
    ]
    return ratings_asked(ratings, shown["rubric"], about="turn")


def turn_inputs(draft: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the inputs of the scores of earlier replies in a draft."""
    entries = draft.get("turn_ratings")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("turn"), int):
            name = turn_input(entry["turn"], str(entry.get("criterion")))
            yield name, str(entry.get("score", ""))


def conversation(
    shown: ShownAssignment, inputs: Inputs, errors: Mapping[str, str]
) -> tuple[Turn, ...]:
    """Return the conversation, with the questions about its earlier replies."""
    turns: list[Turn] = []
    replies = 0
    for message in shown["prompt"]["messages"]:
        replies += message["role"] == "assistant"
        asked = message["role"] == "assistant" and replies in shown["turns"]
        turns.append(
            Turn(
                role=message["role"],
                content=message["content"],
                number=replies if asked else 0,
                questions=tuple(_questions(replies, shown, inputs, errors)) if asked else (),
            )
        )
    return tuple(turns)


def _questions(
    turn: int, shown: ShownAssignment, inputs: Inputs, errors: Mapping[str, str]
) -> Iterator[TurnQuestion]:
    for criterion in criteria_of_turns(shown) if Ask.RATING in shown["asks"] else ():
        condition = criterion["only_if"]
        yield TurnQuestion(
            title=criterion["title"],
            question=criterion["question"],
            only_if=only_if_sentence(criterion, shown["rubric"]),
            scale=scale_field(
                criterion,
                name=turn_input(turn, criterion["key"]),
                legend=_("%(question)s, earlier reply %(number)d")
                % {"question": criterion["title"], "number": turn},
                inputs=inputs,
                errors=errors,
                only_after=turn_input(turn, condition["criterion"]) if condition else "",
            ),
        )
