"""Responses of a file answer one prompt: whatever does not fit is an error of its line."""

from __future__ import annotations

from typing import Any

import pytest

from modelhub.rules.import_words import others
from modelhub.rules.imports import ImportRow
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.row_reading import rows_of
from tests.support.raw_rows import prepared

HI = {"role": "user", "content": "I cannot  sleep."}
OTHER = {"role": "user", "content": "What is rain?"}


def talk(*asked: dict[str, str], reply: str) -> list[dict[str, str]]:
    return [*asked, {"role": "assistant", "content": reply}]


def only(row: dict[str, Any]) -> Any:
    ((_line, found),) = prepared([(1, row)]).rows
    return found


def test_every_numbered_response_answers_the_same() -> None:
    row = {f"response_{n}": talk(HI, reply=f"Answer {n}") for n in (1, 2)}
    assert len(only(row | {"prompt": [HI]})["responses"]) == 2
    found = only(row | {"prompt": [HI], "response_3": talk(OTHER, reply="Water.")})
    assert isinstance(found, BadRow)
    assert "different conversations (from turn 1 on)" in str(found)


PAIR = {"chosen": talk(HI, reply="Since when?"), "rejected": talk(HI, reply="No.")}


@pytest.mark.parametrize(
    "prompt",
    ["I cannot sleep.", "User: I cannot sleep.\nAssistant:", [HI], None, "Human: I cannot sleep."],
)
def test_a_prompt_beside_whole_conversations_is_their_question(prompt: Any) -> None:
    assert only(PAIR | {"prompt": prompt})["prompt"] == [HI]


def test_a_system_turn_of_the_prompt_makes_no_difference() -> None:
    prompt = [{"role": "system", "content": "Be kind."}, HI]
    assert only(PAIR | {"prompt": prompt})["prompt"] == [HI]


@pytest.mark.parametrize("prompt", ["What is rain?", [OTHER], 7, "Human: What is rain?"])
def test_a_prompt_about_something_else_is_an_error(prompt: Any) -> None:
    found = only(PAIR | {"prompt": prompt})
    assert isinstance(found, BadRow)
    assert str(found) == "the prompt differs from what the responses answer."


def test_the_smaller_group_of_numbered_columns_is_named_as_not_used() -> None:
    row = {"prompt": "Hi", "response_1": "A", "response_2": "B"}
    row |= {"output_1": "C", "output_2": "D", "output_3": "E"}
    result = prepared([(1, row)])
    assert [one["text"] for one in result.rows[0][1]["responses"]] == ["C", "D", "E"]
    assert result.unused == ["response_1", "response_2"]


def test_an_instruction_with_a_time_is_no_export_of_langfuse() -> None:
    row = {"instruction": "Answer kindly.", "input": "I feel low", "output": "Oh."}
    result = prepared([(1, row | {"timestamp": "2024-01-01"})])
    assert result.shape == "alpaca"
    assert result.rows[0][1]["prompt"] == "Answer kindly.\n\nI feel low"


def test_the_ranks_of_pairs_are_said() -> None:
    rows = rows_of([PAIR, PAIR])
    assert len([row for _line, row in rows if isinstance(row, ImportRow)]) == 2
    assert "4 responses have a rank in the file. They are kept as imported ranks." in others(
        rows.about["counts"]
    )


HELLO = {"from": "human", "value": "Hello"}
SIDES: list[dict[str, Any]] = [
    {
        "conversations": [HELLO],
        "chosen": {"from": "gpt", "value": "Good."},
        "rejected": {"from": "gpt", "value": "Bad."},
    },
    {
        "input": {"messages": [{"role": "user", "content": "Hello"}], "tools": []},
        "preferred_output": [{"role": "assistant", "content": "Good."}],
        "non_preferred_output": [{"role": "assistant", "content": "Bad."}],
    },
    {
        "messages": [{"role": "user", "content": "Hello"}],
        "chosen": [{"role": "assistant", "content": "Good."}],
        "rejected": [{"role": "assistant", "content": "Bad."}],
    },
]


@pytest.mark.parametrize("row", SIDES, ids=["ShareGPT", "OpenAI", "messages"])
def test_a_pair_may_have_its_conversation_in_another_column(row: dict[str, Any]) -> None:
    found = only(row)
    assert found["prompt"] == [{"role": "user", "content": "Hello"}]
    assert [(one["text"], one["rank"]) for one in found["responses"]] == [("Good.", 1), ("Bad.", 2)]


@pytest.mark.parametrize("names", [("score_chosen", "score_rejected"), ("chosen-rating", "x")])
def test_scores_of_pairs_are_kept(names: tuple[str, str]) -> None:
    row = {"prompt": "Hi", "chosen": "A", "rejected": "B", names[0]: "8.5", names[1]: None}
    better, worse = only(row)["responses"]
    assert better["scores"] == {"score": 8.5}
    assert "scores" not in worse


@pytest.mark.parametrize(
    ("said", "ranks"),
    [
        ({"winner": "model_b"}, [2, 1]),
        ({"winner": "tie"}, [1, 1]),
        ({"overall_preference": -2}, [1, 2]),
        ({"overall_preference": "0"}, [1, 1]),
        ({"winner": "nobody"}, [None, None]),
    ],
)
def test_which_of_two_is_better_becomes_ranks(said: dict[str, Any], ranks: list[Any]) -> None:
    row = {"context": [HI], "response1": "A", "response2": "B"} | said
    found = only(row)
    assert found["prompt"] == [HI]
    assert [one.get("rank") for one in found["responses"]] == ranks


def test_a_passage_beside_a_prompt_is_named_as_not_used() -> None:
    row = {"prompt": "Hi", "context": "A passage.", "chosen": "A", "rejected": "B"}
    assert prepared([(1, row)]).unused == ["context"]
