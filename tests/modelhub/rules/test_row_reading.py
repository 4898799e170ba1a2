"""Values of unexpected kinds are errors of their rows, not of the whole file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from modelhub.rules.imports import ImportRow
from modelhub.rules.mapping import NoPrompt
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.row_reading import rows_of

INFINITE = json.loads("1e999")
ODD: list[Any] = [None, INFINITE, float("nan"), -1, 0.5, True, "", "x", "[1]", [], [1], [None]]
ODD += [[[]], {}, {"a": 1}, [{"role": 5}], {"values": 3}, [{"values": "x"}]]
HI = {"role": "user", "content": "I cannot sleep."}
REPLY = {"role": "assistant", "content": "Since when?"}
PARTS = [{"role": "user", "parts": [{"type": "text", "content": "I feel low"}]}]
VALUE = {
    "arrayValue": {
        "values": [{"kvlistValue": {"values": [{"key": "role", "value": {"stringValue": "user"}}]}}]
    }
}
SHAPES: dict[str, dict[str, Any]] = {
    "own": {"prompt": [HI], "responses": [{"text": "A", "model": "m", "rank": 1}], "topics": ["a"]},
    "messages": {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}, REPLY]},
    "sharegpt": {"conversations": [{"from": "human", "value": "Hi"}], "model": "m", "id": 1},
    "preference": {"prompt": [HI], "chosen": [REPLY], "rejected": [REPLY], "chosen_model": "m"},
    "hh": {"chosen": "Human: a\n\nAssistant: b", "rejected": "Human: a\n\nAssistant: c"},
    "numbered": {"question": "Hi", "response_1": "A", "response_2": [HI, REPLY], "model_1": "m"},
    "completion": {"prompt": [HI], "completion": [REPLY], "model": "m"},
    "alpaca": {"instruction": "Be kind.", "input": "Hi", "output": "Hello"},
    "trees": {
        "prompt": {
            "message_id": "a",
            "role": "prompter",
            "text": "Hi",
            "replies": [{"message_id": "b", "role": "assistant", "text": "Hello", "rank": 0}],
        }
    },
    "tree_messages": {"message_id": "a", "parent_id": None, "role": "prompter", "text": "Hi"},
    "langfuse": {"traceId": "t", "input": {"messages": [HI]}, "output": {"choices": [REPLY]}},
    "trace": {"trace": {"id": "t"}, "observations": [{"type": "GENERATION", "input": [HI]}]},
    "otel": {"spanId": "s", "attributes": {"gen_ai.input.messages": PARTS}},
    "otlp": {
        "resourceSpans": [
            {
                "scopeSpans": [
                    {"spans": [{"attributes": [{"key": "gen_ai.input.messages", "value": VALUE}]}]}
                ]
            }
        ]
    },
    "label_studio": {
        "id": 1,
        "data": {"prompt": "Hi", "dialogue": [HI]},
        "annotations": [{"result": [{"type": "textarea", "value": {"text": ["a"]}}]}],
        "predictions": [{"model_version": "m", "result": []}],
    },
    "argilla": {"fields": {"instruction": "Hi"}, "responses": {"quality": [{"value": 1}]}},
}


def changed(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by each odd one."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, one in inner:
        for odd in (*ODD, *changed(one)):
            copy = value.copy()
            copy[key] = odd
            yield copy


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("beside", [True, False], ids=["beside a good row", "alone"])
def test_no_value_fails_the_whole_file(shape: str, beside: bool) -> None:
    good = SHAPES[shape]
    for row in changed(good):
        try:
            found = [one for _line, one in rows_of([good, row] if beside else [row])]
        except NoPrompt:  # nothing in the row is a prompt
            continue
        assert not any("not understood" in str(one) for one in found if isinstance(one, BadRow))


def test_a_part_without_a_type_is_text_as_arrow_writes_it() -> None:
    none = {"type": None, "text": None}
    content = [{"type": None, "text": "x"}, none, {"type": "text", "text": "y", "image": None}]
    ((_line, row),) = rows_of([{"messages": [{"role": "user", "content": content}]}])
    assert isinstance(row, ImportRow)
    assert row.prompt.messages == [{"role": "user", "content": "x\n\ny"}]


@pytest.mark.parametrize("part", [{"type": None, "image": "x.png"}, {"type": 5, "text": "x"}, 7])
def test_a_part_of_another_kind_is_an_error(part: Any) -> None:
    ((_line, row),) = rows_of([{"messages": [{"role": "user", "content": ["Look", part]}]}])
    assert "turn 1 has a part that is not text" in str(row)


def test_an_infinite_rank_is_none() -> None:
    tree = json.loads(json.dumps(SHAPES["trees"]))
    tree["prompt"]["replies"][0]["rank"] = INFINITE
    ((_line, row),) = rows_of([tree])
    assert [one.rank for one in row.responses] == [0]


@pytest.mark.parametrize("column", ["messages", "prompt"])
def test_a_picture_beside_the_text_of_a_turn_is_an_error(column: str) -> None:
    turn = {"role": "user", "content": "Look", "images": ["x.png"], "audio": None}
    ((_line, row),) = rows_of([{column: [{"role": "system", "content": "Be kind."}, turn]}])
    assert str(row) == "turn 2 has the unknown key “images”. Remove it, or leave it empty."
