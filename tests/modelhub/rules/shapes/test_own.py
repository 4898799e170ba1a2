"""Rows with our columns, whose values may be written as other tools write them."""

from __future__ import annotations

from typing import Any

from tests.support.raw_rows import prepared


def only(row: dict[str, Any]) -> Any:
    ((_line, found),) = prepared([(1, row)]).rows
    return found


def test_a_transcript_is_a_conversation() -> None:
    assert only({"prompt": "\n\nHuman: Hi\n\nAssistant: ", "answer": "Hello."})["prompt"] == [
        {"role": "user", "content": "Hi"}
    ]
    assert only({"prompt": "Human: is that a word?"})["prompt"] == "Human: is that a word?"
    said = "He wrote\n\nAssistant: no"
    assert only({"prompt": said})["prompt"] == said


def test_ratings_of_responses_are_scores_and_the_rest_is_named() -> None:
    rows = prepared(
        [
            (
                1,
                {
                    "instruction": "Hi",
                    "completions": [
                        {
                            "response": "Hello.",
                            "model": "m",
                            "overall_score": 7.5,
                            "annotations": {"honesty": {"Rating": "4", "Rationale": "Clear."}},
                            "critique": "Fine.",
                        }
                    ],
                },
            )
        ]
    )
    ((_line, found),) = rows.rows
    scores = {"overall_score": 7.5, "honesty": 4.0}
    assert found["responses"] == [{"text": "Hello.", "model": "m", "scores": scores}]
    assert rows.unused == ["completions.critique"]


def test_ranked_answers_keep_their_ranks() -> None:
    answers = [{"answer": "A", "model": "m", "rank": 2.0}, {"answer": "B", "rank": 1.0}]
    found = only({"prompt": "Hi", "answers": answers})
    assert [(one["text"], one["rank"]) for one in found["responses"]] == [("A", 2.0), ("B", 1.0)]
