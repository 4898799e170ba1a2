"""Scales with “not sure”, questions that depend on answers, and reasons."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.contract.asked import Asked, Scale
from annotations.contract.submission import Submission
from annotations.contract.unchecked import UncheckedSubmission
from annotations.rules.scales import UNSURE, Condition
from annotations.rules.states import Ask
from codesign.shared.errors import Invalid

A, B = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
ASKED = Asked(
    texts={A: "One", B: "Two"},
    scales={"advice": Scale(0, 1, unsure=True), "risk": Scale(1, 4)},
    asks=frozenset({Ask.RATING}),
    conditions={"risk": Condition("advice", frozenset({1}))},
    reasons=frozenset({"warm", "safe"}),
)
NOT_ASKED = "This is not asked after the answers above it."
CHOOSE = "Please choose an answer."


def ratings(**scores: Any) -> list[dict[str, Any]]:
    """`A_advice=1` and so on."""
    places = {"A": A, "B": B}
    return [
        {"response": places[name[0]], "criterion": name[2:], "score": score}
        for name, score in scores.items()
    ]


def read(**body: Any) -> Submission:
    return UncheckedSubmission(body).checked(ASKED)


def errors(**body: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        read(**body)
    return refused.value.fields


WHOLE = ratings(A_advice=1, A_risk=4, B_advice=UNSURE)


def test_unsure_is_a_value_of_its_own() -> None:
    assert [rating.score for rating in read(ratings=WHOLE).ratings] == [1, 4, 99]
    for wrong in (2, 98, 100, "99", 99.0, True):
        sent = errors(ratings=ratings(A_advice=wrong, B_advice=0))
        assert sent == {"ratings.0.score": ["Please give a whole number from 0 to 1."]}
    sent = errors(ratings=ratings(A_advice=1, A_risk=UNSURE, B_advice=0))
    assert sent == {"ratings.1.score": ["Please give a whole number from 1 to 4."]}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"A_advice": 0, "B_advice": 0}, {}),
        ({"A_advice": 1, "B_advice": 0}, {f"ratings.{A}.risk": [CHOOSE]}),
        ({"A_advice": 0, "A_risk": 3, "B_advice": 0}, {f"ratings.{A}.risk": [NOT_ASKED]}),
        ({"A_advice": 99, "A_risk": 3, "B_advice": 0}, {f"ratings.{A}.risk": [NOT_ASKED]}),
        (
            {"A_risk": 3, "B_advice": 1, "B_risk": 1},
            {f"ratings.{A}.advice": [CHOOSE], f"ratings.{A}.risk": [NOT_ASKED]},
        ),
    ],
)
def test_a_question_after_other_answers_is_neither_required_nor_accepted(
    sent: dict[str, int], wrong: dict[str, list[str]]
) -> None:
    body = ratings(**sent)
    assert (errors(ratings=body) if wrong else {}) == wrong
    if not wrong:
        assert len(read(ratings=body).ratings) == len(sent)


def test_reasons_are_optional_known_and_counted_once() -> None:
    assert read(ratings=WHOLE).why == ()
    assert read(ratings=WHOLE, why=["safe", "warm", "safe"]).why == ("safe", "warm")
    assert errors(ratings=WHOLE, why=["odd"]) == {"why": ["This is not one of the reasons."]}
    for wrong in ("warm", [1], {"warm": True}, 3):
        assert errors(ratings=WHOLE, why=wrong) == {
            "why": ["Please send a list of keys of reasons."]
        }
    without = Asked(texts=ASKED.texts, scales={}, asks=frozenset({Ask.FLAG}))
    assert UncheckedSubmission({"why": []}).checked(without).why == ()
    with pytest.raises(Invalid, match="missing or invalid"):
        UncheckedSubmission({"why": ["warm"]}).checked(without)
