"""Files of other tools become rows with our columns: recognised by format, or mapped."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pytest

from modelhub.rules.import_choices import Options
from modelhub.rules.mapping import NoPrompt, Prepared
from modelhub.rules.raw_rows import BadRow, Raw, RawRows, Unused

HI = [{"role": "user", "content": "I cannot sleep."}]
REPLY = {"role": "assistant", "content": "What keeps you awake?"}


def prepared(*rows: Any, **options: Any) -> Prepared:
    return Prepared(source(rows), Options(**options))


def source(rows: Sequence[Any], columns: Sequence[str] | None = None) -> RawRows:
    def read(wanted: Collection[str] | None) -> Iterator[Raw]:
        for line, row in enumerate(rows, 1):
            yield line, row if wanted is None else {n: v for n, v in row.items() if n in wanted}

    return RawRows(columns, len(rows), read)


def converted(rows: Prepared) -> list[Any]:
    return [row for _line, row in rows if not isinstance(row, Unused)]


def unused(rows: Prepared) -> list[str]:
    return [str(row) for _line, row in rows if isinstance(row, Unused)]


def made(*rows: Any, **options: Any) -> list[Any]:
    return converted(prepared(*rows, **options))


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
    ("own", {"prompt": "[1] Rest first.", "note": 3}, {"prompt": "[1] Rest first."}),
]


@pytest.mark.parametrize(("shape", "row", "expected"), CASES)
def test_a_row_of_another_tool_becomes_a_prompt_with_responses(
    shape: str, row: dict[str, Any], expected: dict[str, Any]
) -> None:
    rows = prepared(row)
    assert rows.shape.key == shape
    assert converted(rows) == [expected]


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
    (row,) = converted(rows)
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
    found = list(rows)
    assert found[-1] == (1, {"prompt": "Why?", "external_id": 5})
    assert [str(name) for _line, name in found[:-1]] == ["prompt", "topics", "kind"]


def test_a_mapping_adds_columns_to_a_format() -> None:
    row = {"messages": [*HI, REPLY], "mood": "low", "subject": ["sleep"]}
    found = list(prepared(row, columns={"topics": "subject"}))
    assert found[0] == (0, "mood")
    assert found[1][1]["topics"] == ["sleep"]


def test_an_unknown_column_of_a_mapping_is_refused_with_the_columns_of_the_file() -> None:
    with pytest.raises(NoPrompt, match=r"no column called txt. The columns are: text, nr") as error:
        prepared({"text": "Why?", "nr": 5}, columns={"prompt": "txt"})
    assert error.value.columns == ["text", "nr"]


def test_a_file_without_prompts_names_its_columns() -> None:
    with pytest.raises(NoPrompt, match=r"no column called prompt. The columns are: a, text"):
        prepared({"a": 1, "text": 2})


def test_only_names_that_can_be_stored_and_read_are_offered() -> None:
    row = {"a": 1, "no\x00name": 2, "\ud800": 3, "c" * 201: 4}
    with pytest.raises(NoPrompt) as error:
        prepared(row)
    assert error.value.columns == ["a"]
    assert prepared({"prompt": "Why?"} | row).columns == ["prompt", "a"]


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


ANSWERS = ["questionID", "questionTitle", "questionText", "topic", "answerText", "upvotes"]


def test_columns_of_a_table_are_guessed_and_only_used_ones_are_read() -> None:
    row = dict(zip(ANSWERS, ["9", "Sleep", "Why?", "sleep", "Because.", "3"], strict=True))
    rows = Prepared(source([row], ANSWERS), Options())
    assert (rows.shape.key, rows.columns) == ("questions", ANSWERS)
    assert rows.mapping == {
        "prompt": "questionText",
        "external_id": "questionID",
        "responses": "answerText",
        "topics": "topic",
    }
    assert unused(rows) == ["upvotes"]


def test_a_question_that_is_a_title_alone_is_the_prompt() -> None:
    row = {"questionTitle": "Why can't I sleep?", "questionText": None, "answerText": "Tea?"}
    assert made(row, row | {"questionText": "I lie awake."}) == [
        {"prompt": "Why can't I sleep?", "responses": "Tea?"},
        {"prompt": "I lie awake.", "responses": "Tea?"},
    ]


def test_a_table_without_rows_has_the_columns_of_its_first_line() -> None:
    rows = Prepared(source([], ANSWERS), Options())
    assert rows.columns == ANSWERS


@pytest.mark.parametrize("columns", [["Prompt ", "note"], None])
def test_capitals_and_spaces_around_our_names_make_no_difference(columns: Any) -> None:
    rows = Prepared(source([{"Prompt ": "Why?", "note": "x"}], columns), Options())
    assert converted(rows) == [{"prompt": "Why?"}]


def test_a_mapping_chooses_between_two_columns_of_one_name() -> None:
    row = {"prompt": "a", "PROMPT": "b", "text": "c"}
    with pytest.raises(BadRow, match="two columns called prompt"):
        Prepared(source([row], list(row)), Options())
    rows = Prepared(source([row], list(row)), Options(columns={"prompt": "text"}))
    assert converted(rows) == [{"prompt": "c"}]


def test_rows_that_are_nested_too_deeply_are_refused() -> None:
    value: Any = {"stringValue": "x"}
    for _ in range(600):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(BadRow, match="nested too deeply"):
        prepared({"attributes": [{"key": "gen_ai.input.messages", "value": value}]})


def test_few_long_rows_are_held_to_recognise_a_format() -> None:
    held: list[int] = []

    def read(_wanted: Collection[str] | None) -> Iterator[Raw]:
        for line in range(1, 11):
            held.append(line)
            yield line, {"prompt": "x" * 1_500_000}

    rows = Prepared(RawRows(None, 10, read), Options())
    assert held == [1, 2, 3]
    assert len(converted(rows)) == 10


def test_what_is_not_used_is_never_read() -> None:
    """A column that cannot be decoded does no harm, in any format."""
    asked: list[Any] = []
    row = {"chosen": "A", "rejected": "B", "prompt": "Why?", "when": "year 0", "id": "1"}

    def read(wanted: Collection[str] | None) -> Iterator[Raw]:
        asked.append(wanted)
        yield 1, {name: row[name] for name in wanted or row}

    rows = Prepared(RawRows(list(row), 1, read), Options())
    assert converted(rows)[0]["prompt"] == "Why?"
    assert len(asked) == 2
    assert not any("when" in wanted for wanted in asked)
