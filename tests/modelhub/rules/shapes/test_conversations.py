"""Conversations come in whole, whatever their column is called."""

from __future__ import annotations

from typing import Any

import pytest

from modelhub.rules.raw_rows import BadRow
from tests.support.raw_rows import prepared

TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
GEMINI = [
    {"role": "user", "parts": [{"text": "Hi"}]},
    {"role": "model", "parts": [{"text": "Hello."}]},
]


def only(row: dict[str, Any]) -> Any:
    ((_line, found),) = prepared([(1, row)]).rows
    return found


@pytest.mark.parametrize(
    ("column", "talk"), [("dialog", TALK), ("items", TALK), ("contents", GEMINI)]
)
def test_a_column_of_another_name_with_turns_is_a_conversation(column: str, talk: Any) -> None:
    rows = prepared([(1, {"id": "a", column: talk})])
    assert rows.shape == "conversations"
    assert rows.rows == [
        (1, {"prompt": TALK[:1], "responses": [{"text": "Hello."}], "external_id": "a"})
    ]


@pytest.mark.parametrize("column", ["messages", "conversations", "chat"])
def test_a_reply_beside_a_conversation_is_its_response(column: str) -> None:
    assert only({column: TALK[:1], "response": "Hello."})["responses"] == [{"text": "Hello."}]
    both = only({column: TALK, "output": ["Good day.", "Yes?"], "model": "m"})["responses"]
    assert both == [{"text": one, "model": "m"} for one in ("Hello.", "Good day.", "Yes?")]


def test_the_history_of_an_instruction_is_before_it() -> None:
    row = {"instruction": "Now?", "input": "", "output": "Rest.", "history": [["Hi", "Hello."]]}
    assert only(row)["prompt"] == [*TALK, {"role": "user", "content": "Now?"}]
    assert only(row | {"history": []})["prompt"] == "Now?"
    broken = only(row | {"history": ["Hi", "Hello."]})
    assert isinstance(broken, BadRow)
    assert "history is not a list of pairs" in str(broken)
