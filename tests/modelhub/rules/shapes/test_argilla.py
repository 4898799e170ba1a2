"""What annotators of Argilla answered comes in where it is clear what they said of which text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.raw_rows import PreparedRows, prepared

PAIR = {"instruction": "I feel low", "response_1": "Since when?", "response_2": "Cheer up."}
ORDER = [{"value": "response_1", "rank": 2}, {"value": "response_2", "rank": 1}]
TIED = [{"value": "response_1", "rank": 1}, {"value": "response_2", "rank": 1}]
LISTS = {"value": ["response_1", "response_2"], "rank": [2, 1]}


def replies(result: PreparedRows) -> list[dict[str, Any]]:
    ((_line, found),) = result.rows
    listed: list[dict[str, Any]] = found["responses"]
    return listed


def ranked(response: dict[str, Any]) -> list[tuple[str, float, int]]:
    return [(one["criterion"], one["value"], one["rater"]) for one in response.get("ranks", [])]


@pytest.mark.parametrize(
    "row",
    [
        {"fields": PAIR, "responses": {"best": [{"value": ORDER, "user_id": "u"}]}},
        {"fields": PAIR, "responses": [{"user_id": "u", "values": {"best": {"value": ORDER}}}]},
        {**PAIR, "best.responses": [ORDER], "best.responses.users": ["u"]},
        {**PAIR, "best": [{"user_id": "u", "value": ORDER}], "best-suggestion": None},
        {**PAIR, "best": [{"user_id": "u", "value": LISTS}], "best-suggestion": None},
    ],
    ids=["records", "by annotator", "columns", "version 1", "version 1 as Arrow reads it"],
)
def test_a_ranking_gives_ranks(row: dict[str, Any]) -> None:
    first, second = replies(prepared([(1, row)]))
    assert (ranked(first), ranked(second)) == ([("best", 2, 1)], [("best", 1, 1)])


def test_annotators_rank_apart_and_may_tie() -> None:
    row = {**PAIR, "best.responses": [ORDER, TIED], "best.responses.users": ["u", "v"]}
    first, second = replies(prepared([(1, row)]))
    assert ranked(first) == [("best", 2, 1), ("best", 1, 2)]
    assert ranked(second) == [("best", 1, 1), ("best", 1, 2)]


@pytest.mark.parametrize(
    ("said", "count"),
    [
        # Version 2 exports the options in the order of the question, not of the ranks.
        (["response_2", "response_1"], "ranks_lost"),
        ([{"value": "response_1", "rank": 1}, {"value": "neither", "rank": 2}], "judged_elsewhere"),
        ([{"value": "response_1", "rank": 1}, {"value": "response_2"}], "judged_elsewhere"),
        ([{"value": "response_1", "rank": 1}], "judged_elsewhere"),
    ],
)
def test_an_incomplete_ranking_is_counted(said: Any, count: str) -> None:
    result = prepared([(1, {**PAIR, "best.responses": [said]})])
    assert replies(result) == [{"text": "Since when?"}, {"text": "Cheer up."}]
    assert result.counts[count] == 1


def test_labels_come_in_for_the_response_that_the_question_names() -> None:
    row = {
        **PAIR,
        "tone_response_1.responses": ["warm", "cold"],
        "tone_response_1.responses.users": ["u", "v"],
        "faults_response_2.responses": [["dismissive", "vague"]],
        "faults_response_2.responses.users": ["u"],
        "overall.responses": ["good"],
    }
    result = prepared([(1, row)])
    first, second = replies(result)
    assert first["labels"] == [
        {"criterion": "tone_response_1", "label": "warm", "rater": 1},
        {"criterion": "tone_response_1", "label": "cold", "rater": 2},
    ]
    assert [one["label"] for one in second["labels"]] == ["dismissive", "vague"]
    assert result.counts["judged_elsewhere"] == 1


@pytest.mark.parametrize(
    "said",
    ["It sounds kind.", "Jane was there when I needed somebody to talk to", "two\nlines", "x" * 61],
)
def test_free_text_is_no_label(said: str) -> None:
    row = {"question": "Why?", "answer": "Because.", "why.responses": [said]}
    result = prepared([(1, row)])
    ((_line, found),) = result.rows
    assert "labels" not in str(found)
    assert result.counts["judged_elsewhere"] == 1


def test_a_question_with_as_many_answers_as_records_has_no_options() -> None:
    rows = [
        (n, {"question": f"Why {n}?", "answer": "So.", "who.responses": [f"Jane {n}"]})
        for n in range(1, 30)
    ]
    assert prepared(rows).counts["judged_elsewhere"] == 29


STATES = ["submitted", "draft", "discarded"]


@pytest.mark.parametrize(
    "answers",
    [
        {
            "warm.responses": [4, 5, 1],
            "warm.responses.status": STATES,
            "prompt": "Hi",
            "reply": "A",
        },
        {
            "fields": {"prompt": "Hi", "reply": "A"},
            "responses": [
                {"user_id": state, "status": state, "values": {"warm": {"value": value}}}
                for state, value in zip(STATES, [4, 5, 1], strict=True)
            ],
        },
    ],
    ids=["columns", "records"],
)
def test_only_submitted_answers_of_argilla_are_scores(answers: dict[str, Any]) -> None:
    result = prepared([(1, answers)])
    (response,) = replies(result)
    assert [score["value"] for score in response["scores"]] == [4]
    assert result.counts["judged_elsewhere"] == 2
