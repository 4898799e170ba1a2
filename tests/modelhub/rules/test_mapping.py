"""Files of other tools become rows with our columns: recognised by format, or mapped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelhub.rules.import_choices import Options
from modelhub.rules.imports import BadRow
from modelhub.rules.mapping import NoPrompt, Prepared

HI = [{"role": "user", "content": "I cannot sleep."}]
REPLY = {"role": "assistant", "content": "What keeps you awake?"}


def prepared(*rows: Any, **options: Any) -> Prepared:
    return Prepared(enumerate(rows, 1), options=Options(**options))


def made(*rows: Any, **options: Any) -> list[Any]:
    return [row for _line, row in prepared(*rows, **options)]


CASES = [
    (
        "messages",
        {"id": "m1", "messages": [*HI, REPLY], "model": "house-7b"},
        {
            "external_id": "m1",
            "prompt": HI,
            "responses": [{"text": REPLY["content"], "model": "house-7b"}],
        },
    ),
    ("messages", {"messages": HI}, {"prompt": HI}),
    (
        "messages",
        {"messages": json.dumps([*HI, REPLY]), "language": "es"},
        {"prompt": HI, "responses": [{"text": REPLY["content"]}], "language": "es"},
    ),
    (
        "messages",
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]},
        {"prompt": [{"role": "user", "content": "Hello"}]},
    ),
    (
        "sharegpt",
        {
            "id": "s1",
            "conversations": [
                {"from": "human", "value": "Hi"},
                {"from": "gpt", "value": "Hello"},
                {"from": "human", "value": "I feel low"},
                {"from": "gpt", "value": "Since when?"},
            ],
        },
        {
            "external_id": "s1",
            "prompt": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "I feel low"},
            ],
            "responses": [{"text": "Since when?"}],
        },
    ),
    (
        "preference",
        {"prompt": "I feel low", "chosen": "Since when?", "rejected": "Cheer up."},
        {
            "prompt": "I feel low",
            "responses": [{"text": "Since when?", "rank": 1}, {"text": "Cheer up.", "rank": 2}],
        },
    ),
    (
        "preference",
        {
            "chosen": [*HI, REPLY],
            "rejected": [*HI, {"role": "assistant", "content": "Sleep more."}],
            "chosen_model": "a-1",
        },
        {
            "prompt": HI,
            "responses": [
                {"text": REPLY["content"], "model": "a-1", "rank": 1},
                {"text": "Sleep more.", "rank": 2},
            ],
        },
    ),
    (
        "preference",
        {"prompt": HI, "chosen": [REPLY], "rejected": [{"role": "assistant", "content": "No."}]},
        {
            "prompt": HI,
            "responses": [{"text": REPLY["content"], "rank": 1}, {"text": "No.", "rank": 2}],
        },
    ),
    (
        "hh",
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Help\n\nAssistant: How?",
            "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Help\n\nAssistant: No.",
        },
        {
            "prompt": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Help"},
            ],
            "responses": [{"text": "How?", "rank": 1}, {"text": "No.", "rank": 2}],
        },
    ),
    (
        "numbered",
        {"prompt": "Hi", "response_2": "B", "response_1": "A", "model_1": "m-1", "note": "x"},
        {"prompt": "Hi", "responses": [{"text": "A", "model": "m-1"}, {"text": "B"}]},
    ),
    (
        "numbered",
        {"question": "Hi", "Answer_A": "A", "Answer_B": "B", "Answer_C": None},
        {"prompt": "Hi", "responses": [{"text": "A"}, {"text": "B"}]},
    ),
    (
        "numbered",
        {
            "conversation_a": [*HI, REPLY],
            "conversation_b": [*HI, {"role": "assistant", "content": "B"}],
            "model_a": "x-1",
            "model_b": "y-2",
        },
        {
            "prompt": HI,
            "responses": [
                {"text": REPLY["content"], "model": "x-1"},
                {"text": "B", "model": "y-2"},
            ],
        },
    ),
    (
        "completion",
        {"prompt": "Hi", "completion": "Hello"},
        {"prompt": "Hi", "responses": [{"text": "Hello"}]},
    ),
    (
        "completion",
        {"prompt": HI, "completion": [REPLY]},
        {"prompt": HI, "responses": [{"text": REPLY["content"]}]},
    ),
    (
        "alpaca",
        {"instruction": "Answer kindly.", "input": "I feel low", "output": "I hear you."},
        {"prompt": "Answer kindly.\n\nI feel low", "responses": [{"text": "I hear you."}]},
    ),
    (
        "questions",
        {"questionID": 7, "questionText": "Why?", "answerText": "Because.", "topic": "sleep"},
        {"prompt": "Why?", "external_id": 7, "responses": "Because.", "topics": "sleep"},
    ),
    (
        "own",
        {"prompt": [{"from": "human", "value": "Hi"}], "external_id": "o1"},
        {"prompt": [{"role": "user", "content": "Hi"}], "external_id": "o1"},
    ),
    ("own", {"prompt": "[1] Rest first.", "note": 3}, {"prompt": "[1] Rest first.", "note": 3}),
]


@pytest.mark.parametrize(("shape", "row", "expected"), CASES)
def test_a_row_of_another_tool_becomes_a_prompt_with_responses(
    shape: str, row: dict[str, Any], expected: dict[str, Any]
) -> None:
    rows = prepared(row)
    assert rows.shape.key == shape
    assert [one for _line, one in rows] == [expected]


REFUSED = [
    ({"messages": [{"role": "assistant", "content": "Hello"}]}, "no turn of a person"),
    ({"messages": [*HI, {"content": "who?"}]}, "turn 2 has no role"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
        "turn 1 has a part that is not text (image_url)",
    ),
    ({"prompt": "Hi", "chosen": "A", "rejected": None}, "rejected is missing"),
    (
        {"chosen": [*HI, REPLY], "rejected": [{"role": "user", "content": "Other"}, REPLY]},
        "continue different conversations (from turn 1 on)",
    ),
    ({"chosen": "A", "rejected": "B"}, "the prompt is missing"),
]


@pytest.mark.parametrize(("row", "problem"), REFUSED)
def test_a_row_that_cannot_be_converted_says_what_is_wrong(
    row: dict[str, Any], problem: str
) -> None:
    first = {"messages": HI, "prompt": None} if "messages" in row else row
    (*_rest, bad) = made(first, row) if first is not row else made(row)
    assert isinstance(bad, BadRow)
    assert problem in str(bad)


TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": None, "tool_calls": [{"type": "function"}]},
    {"role": "tool", "content": "sunny", "tool_call_id": "1"},
    {"role": "user", "content": "Thanks"},
]


@pytest.mark.parametrize("column", ["prompt", "messages"])
def test_turns_of_system_and_tools_are_left_out_and_counted(column: str) -> None:
    rows = prepared({column: TALK})
    ((_line, row),) = list(rows)
    assert [turn["content"] for turn in row["prompt"]] == ["Weather?", "Thanks"]
    assert rows.work.counts == {"system": 1, "tool": 1, "empty": 1}


@pytest.mark.parametrize("kind", ["system", "tool", "empty"])
def test_an_import_can_refuse_turns_of_a_kind(kind: str) -> None:
    (bad,) = made({"messages": TALK}, chosen={kind: "refuse"})
    assert isinstance(bad, BadRow)
    assert f"“{kind}”" in str(bad)


def test_a_mapping_names_the_columns_and_leaves_others_out() -> None:
    row = {"prompt": "old", "text": "Why?", "nr": 5, "topics": "sleep", "kind": "x"}
    rows = prepared(row, columns={"prompt": "text", "external_id": "nr", "topics": ""})
    assert [one for _line, one in rows] == [{"prompt": "Why?", "external_id": 5}]
    assert rows.unused == ["prompt", "topics", "kind"]


def test_a_mapping_adds_columns_to_a_format() -> None:
    row = {"messages": [*HI, REPLY], "mood": "low", "subject": ["sleep"]}
    rows = prepared(row, columns={"topics": "subject"})
    assert [one["topics"] for _line, one in rows] == [["sleep"]]
    assert rows.unused == ["mood"]


def test_an_unknown_column_of_a_mapping_is_refused_with_the_columns_of_the_file() -> None:
    with pytest.raises(NoPrompt, match=r"no column called txt. The columns are: text, nr") as error:
        prepared({"text": "Why?", "nr": 5}, columns={"prompt": "txt"})
    assert error.value.columns == ["text", "nr"]


def test_a_file_without_prompts_names_its_columns() -> None:
    with pytest.raises(NoPrompt, match=r"no column called prompt. The columns are: a, b"):
        prepared({"a": 1, "b": 2})


def test_responses_can_be_said_to_be_written_by_people() -> None:
    rows = made(
        {"prompt": "Hi", "responses": ["A", {"text": "B", "origin": "ai"}]},
        {"prompt": "Ho", "responses": "C"},
        {"prompt": "Hu"},
        chosen={"origin": "human"},
    )
    assert [row.get("responses") for row in rows] == [
        [{"text": "A", "origin": "human"}, {"text": "B", "origin": "ai"}],
        [{"text": "C", "origin": "human"}],
        None,
    ]


def test_columns_are_guessed_from_all_of_a_table() -> None:
    columns = ["questionID", "questionTitle", "questionText", "topic", "answerText", "upvotes"]
    rows = Prepared(iter([]), columns=columns, options=Options())
    assert rows.columns == columns
    row = dict(zip(columns, ["9", "Sleep", "Why?", "sleep", "Because.", "3"], strict=True))
    rows = Prepared(iter([(2, row)]), columns=columns, options=Options())
    assert rows.mapping == {
        "prompt": "questionText",
        "external_id": "questionID",
        "responses": "answerText",
        "topics": "topic",
    }
    assert rows.unused == ["questionTitle", "upvotes"]
