"""Scores of the earlier replies in a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.contract.asked import Asked, Scale
from annotations.contract.submission import Submission
from annotations.contract.unchecked import UncheckedSubmission
from annotations.rules.scales import UNSURE, Condition
from annotations.rules.states import Ask
from annotations.rules.turns import MOST_TURNS, turns_asked
from codesign.shared.errors import Invalid

SCALES = {"tone": Scale(1, 3, unsure=True), "worst": Scale(1, 5), "heard": Scale(1, 5)}
AFTER = {"worst": Condition("tone", frozenset({3}))}
CHOOSE = "Please choose an answer."
NOT_ASKED = "This was not asked for."
TURNS = [
    {"turn": 1, "criterion": "tone", "score": UNSURE},
    {"turn": 2, "criterion": "tone", "score": 3},
    {"turn": 2, "criterion": "worst", "score": 5},
]


def read(turn_ratings: Any, **changes: Any) -> Submission:
    asked: dict[str, Any] = {
        "texts": {},
        "scales": SCALES,
        "asks": frozenset({Ask.RATING}),
        "conditions": AFTER,
        "each_turn": frozenset({"tone", "worst"}),
        "turns": range(1, 3),
    }
    return UncheckedSubmission({"turn_ratings": turn_ratings}).checked(Asked(**asked | changes))


def errors(turn_ratings: Any, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        read(turn_ratings, **changes)
    return refused.value.fields


def test_every_question_of_each_turn_is_answered_after_its_condition() -> None:
    assert [one.model_dump() for one in read(TURNS).turn_ratings] == TURNS
    assert errors(TURNS[:1]) == {"turn_ratings.turn_2.tone": [CHOOSE]}
    assert errors(TURNS[:2]) == {"turn_ratings.turn_2.worst": [CHOOSE]}
    extra = {"turn": 1, "criterion": "worst", "score": 1}
    wrong = ["This is not asked after the answers above it."]
    assert errors([*TURNS, extra]) == {"turn_ratings.turn_1.worst": wrong}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"turn": 3}, "turn", "Please give a whole number from 1 to 2."),
        ({"turn": 0}, "turn", "Please give a whole number from 1 to 2."),
        ({"turn": "1"}, "turn", "Please give a whole number from 1 to 2."),
        (
            {"criterion": "heard"},
            "criterion",
            "This is not one of the questions about earlier replies.",
        ),
        ({"score": 4}, "score", "Please give a whole number from 1 to 3."),
        ({"response": "a"}, "response", "Unknown field."),
    ],
)
def test_a_wrong_value_is_named_at_its_field(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    assert errors([TURNS[0] | change, *TURNS[1:]]) == {f"turn_ratings.0.{field}": [sentence]}


def test_a_score_twice_is_refused() -> None:
    assert errors([*TURNS, TURNS[0]]) == {"turn_ratings.3": ["This was rated twice."]}


@pytest.mark.parametrize(
    "changes", [{"turns": range(0)}, {"each_turn": frozenset()}, {"asks": frozenset({Ask.FLAG})}]
)
def test_without_earlier_replies_or_questions_nothing_is_asked(changes: dict[str, Any]) -> None:
    assert read([], **changes).turn_ratings == ()
    fields = errors(TURNS[:1], **changes)
    assert next(iter(fields.values())) == [NOT_ASKED]


def test_only_the_latest_replies_of_a_long_conversation_are_judged() -> None:
    talk = [{"role": role, "content": "…"} for role in ("user", "assistant")]
    assert turns_asked(talk[:1]) == range(1, 1)
    assert turns_asked(talk * 2) == range(1, 3)
    assert turns_asked(talk * MOST_TURNS) == range(1, MOST_TURNS + 1)
    assert turns_asked(talk * (MOST_TURNS + 5)) == range(6, MOST_TURNS + 6)
    long = [{"turn": 5, "criterion": "tone", "score": 1}]
    sentence = ["Please give a whole number from 6 to 25."]
    assert errors(long, turns=range(6, 26))["turn_ratings.0.turn"] == sentence
