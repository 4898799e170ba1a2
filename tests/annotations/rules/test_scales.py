"""Which questions are asked after which answers."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.rules.rubric_content import problem_with, whole_criterion, whole_words
from annotations.rules.scales import UNSURE, Condition, asked_after, only_asked

CRITERIA = ["advice", "risk", "why"]
CONDITIONS = {
    "risk": Condition("advice", frozenset({1, UNSURE})),
    "why": Condition("risk", frozenset({3, 4})),
}


@pytest.mark.parametrize(
    ("scores", "asked"),
    [
        ({}, {"advice"}),
        ({"advice": 0}, {"advice"}),
        ({"advice": 1}, {"advice", "risk"}),
        ({"advice": UNSURE}, {"advice", "risk"}),
        ({"advice": 1, "risk": 2}, {"advice", "risk"}),
        ({"advice": 1, "risk": 4}, {"advice", "risk", "why"}),
        ({"advice": 0, "risk": 4}, {"advice"}),
        ({"risk": 4}, {"advice"}),
    ],
)
def test_a_question_is_asked_after_its_answers_alone(
    scores: dict[str, int], asked: set[str]
) -> None:
    assert asked_after(CRITERIA, CONDITIONS, scores) == asked


def test_ratings_that_nothing_leads_to_are_left_out_by_response() -> None:
    ratings = [
        {"response": response, "criterion": key, "score": score}
        for response, scores in {"a": (1, 4, 1), "b": (0, 4, 1)}.items()
        for key, score in zip(CRITERIA, scores, strict=True)
    ]
    kept = [
        (one["response"], one["criterion"]) for one in only_asked(ratings, CRITERIA, CONDITIONS)
    ]
    assert kept == [("a", "advice"), ("a", "risk"), ("a", "why"), ("b", "advice")]
    assert only_asked(ratings, CRITERIA, {}) == ratings


def criterion(key: str, kind: str = "likert", only_if: Any = None, **scale: Any) -> dict[str, Any]:
    scale = {"min": 1, "max": 5} | scale if kind == "likert" else scale
    one = {"key": key, "title": key.title(), "scale": {"kind": kind} | scale, "only_if": only_if}
    return whole_criterion(one, "en")


def test_standard_scales_have_their_words_and_codes() -> None:
    assert criterion("a", "yes_no")["scale"] == {
        "kind": "yes_no",
        "min": 0,
        "max": 1,
        "anchors": {"0": "No", "1": "Yes", "99": "Not sure"},
        "unsure": True,
        "points": None,
    }
    assert criterion("a", "points", points=-3)["scale"]["anchors"] == {"0": "Not met", "1": "Met"}
    assert criterion("a", unsure=True)["scale"]["anchors"] == {"99": "Not sure"}


AFTER = {"criterion": "a", "scores": [1]}


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        ([criterion("a")], ""),
        ([criterion("a", min=0, max=10)], ""),
        ([], "at least one criterion"),
        ([criterion("a"), criterion("a")], "its own key"),
        ([criterion("a", min=5, max=5)], "go up"),
        ([criterion("a", min=-10, max=10)], "at most 11"),
        ([criterion("a", min=90, max=98)], "from -10 to 10"),
        ([criterion("a", "points", points=10)], ""),
        ([criterion("a", "points", points=0)], "not 0"),
        ([criterion("a", "points", points=11)], "Points are from"),
        ([criterion("a", "yes_no"), criterion("b", only_if=AFTER)], ""),
        ([criterion("b", only_if=AFTER), criterion("a", "yes_no")], "an earlier question"),
        ([criterion("a", only_if=AFTER)], "an earlier question"),
        ([criterion("a", "yes_no"), criterion("b", only_if=AFTER | {"scores": [2]})], "offers"),
        ([criterion("a", "yes_no"), criterion("b", only_if=AFTER | {"scores": []})], "offers"),
        ([criterion("a"), criterion("b", only_if=AFTER | {"scores": [UNSURE]})], "offers"),
        ([criterion("a", unsure=True), criterion("b", only_if=AFTER | {"scores": [99]})], ""),
    ],
)
def test_what_is_wrong_with_a_rubric(criteria: list[dict[str, Any]], problem: str) -> None:
    said = problem_with(criteria, [])
    assert problem in said
    assert bool(said) is bool(problem)


def test_reasons_have_their_own_keys() -> None:
    reasons = [whole_words({"key": "warm", "title": title}) for title in ("Warm", "Warmer")]
    assert problem_with([criterion("a")], reasons[:1]) == ""
    assert "own key" in problem_with([criterion("a")], reasons)


def options(*names: str, **changes: Any) -> dict[str, Any]:
    anchors = {str(number): name for number, name in enumerate(names, start=1)}
    return criterion("tone", "category", min=1, max=len(names), anchors=anchors) | changes


def after_tone(**changes: Any) -> dict[str, Any]:
    return criterion("why", only_if={"criterion": "tone", "scores": [2]}) | changes


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        ([options("Warm", "Cold")], ""),
        ([options(*"abcdefghij")], ""),
        ([options(*"abcdefghijk")], "2 to 10 options"),
        ([options("Warm")], "2 to 10 options"),
        ([options("Warm", "warm")], "its own name"),
        ([options("Warm", " ")], "its own name"),
        ([options("Warm", "Cold", turns=True), after_tone(turns=True)], ""),
        ([options("Warm", "Cold", turns=True), after_tone()], ""),
        ([options("Warm", "Cold"), after_tone(turns=True)], "asked about earlier replies, too"),
    ],
)
def test_options_and_questions_of_each_turn(criteria: list[dict[str, Any]], problem: str) -> None:
    said = problem_with(criteria, [])
    assert problem in said
    assert bool(said) is bool(problem)


def test_labels_have_their_own_keys() -> None:
    labels = [whole_words({"key": "fast", "title": title}) for title in ("Fast", "Too fast")]
    assert problem_with([criterion("a")], [], labels[:1]) == ""
    assert "own key" in problem_with([criterion("a")], [], labels)
