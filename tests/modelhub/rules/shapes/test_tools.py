"""Exports of Label Studio and Argilla bring their texts, and count what people judged there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.raw_rows import prepared


def textarea(*texts: str) -> dict[str, Any]:
    return {"from_name": "a", "to_name": "t", "type": "textarea", "value": {"text": list(texts)}}


CHOICE = {"from_name": "q", "to_name": "t", "type": "choices", "value": {"choices": ["good"]}}
LABEL_STUDIO = {
    "id": 12,
    "data": {"prompt": "I feel low", "response_1": "Since when?", "response_2": "Cheer up."},
    "annotations": [
        {"result": [CHOICE, textarea("I am glad you told me.")], "was_cancelled": False},
        {"result": [textarea("never sent")], "was_cancelled": True},
    ],
    "predictions": [{"model_version": "m-2", "result": [textarea("Tell me more.")]}],
}
RESPONSES = [
    {"text": "Since when?"},
    {"text": "Cheer up."},
    {"text": "Tell me more.", "model": "m-2"},
    {"text": "I am glad you told me.", "origin": "human"},
]


@pytest.mark.parametrize("plain", [True, False])
def test_a_task_of_label_studio_has_its_texts_and_what_people_wrote(plain: bool) -> None:
    row = LABEL_STUDIO if plain else {n: json.dumps(v) for n, v in LABEL_STUDIO.items()}
    rows = prepared([(1, row)])
    assert rows.shape == "label_studio"
    ((_line, found),) = rows.rows
    assert found["prompt"] == "I feel low"
    assert found["responses"] == RESPONSES
    assert str(found["external_id"]) == "12"
    assert rows.counts["judged_elsewhere"] == 1


def test_a_dialogue_of_label_studio_is_a_conversation() -> None:
    talk = [{"author": "client", "text": "Hi"}, {"author": "Therapist", "text": "Hello"}]
    row = {"id": 1, "data": {"messages": talk}, "annotations": []}
    ((_line, found),) = prepared([(1, row)]).rows
    assert found["prompt"] == [{"role": "user", "content": "Hi"}]
    assert found["responses"] == [{"text": "Hello"}]


ARGILLA = {
    "id": "a-1",
    "fields": {"instruction": "I feel low", "response1": "Since when?", "response2": "Cheer up."},
    "responses": {"quality": [{"value": 4, "user_id": "u"}, {"value": 2, "user_id": "v"}]},
    "suggestions": {},
    "metadata": {},
}
FLAT = {
    "id": "a-1",
    "instruction": "I feel low",
    "response1": "Since when?",
    "response2": "Cheer up.",
    "quality.responses": [4, 2],
    "quality.responses.users": ["u", "v"],
    "quality.suggestion": 3,
}
OLD = {
    "external_id": "a-1",
    "instruction": "I feel low",
    "response1": "Since when?",
    "response2": "Cheer up.",
    "quality": [{"user_id": "u", "value": 4}, {"user_id": "v", "value": 2}],
    "quality-suggestion": 3,
    "quality-suggestion-metadata": {"agent": None},
}


@pytest.mark.parametrize("row", [ARGILLA, FLAT, OLD], ids=["records", "columns", "version 1"])
def test_a_record_of_argilla_has_its_fields(row: dict[str, Any]) -> None:
    rows = prepared([(1, row)])
    assert rows.shape == "argilla"
    ((_line, found),) = rows.rows
    assert found == {
        "prompt": "I feel low",
        "responses": [{"text": "Since when?"}, {"text": "Cheer up."}],
        "external_id": "a-1",
    }
    assert rows.counts["judged_elsewhere"] == 2


def test_fields_of_argilla_with_other_names_are_guessed() -> None:
    row = {"fields": {"question": "Why?", "answer": "Because."}, "responses": {}, "id": "q"}
    ((_line, found),) = prepared([(1, row)]).rows
    assert found == {"prompt": "Why?", "responses": "Because.", "external_id": "q"}
