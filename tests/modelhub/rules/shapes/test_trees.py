"""Trees of Open-Assistant become prompts with ranked responses."""

from __future__ import annotations

from typing import Any

from modelhub.rules.import_words import others
from modelhub.rules.raw_rows import BadRow, Note
from modelhub.rules.row_reading import rows_of
from tests.support.raw_rows import prepared


def node(name: str, role: str, text: str, *replies: Any, **more: Any) -> dict[str, Any]:
    about = {"message_id": name, "role": role, "text": text, "lang": "en"}
    return about | more | {"replies": list(replies)}


TREE = node(
    "m1",
    "prompter",
    "I cannot sleep.",
    node("m2", "assistant", "Try tea.", rank=1),
    node(
        "m3",
        "assistant",
        "Since when?",
        node("m4", "prompter", "Since May.", node("m5", "assistant", "What changed?")),
        rank=0,
    ),
    node("m6", "assistant", "Spam.", rank=2, deleted=True),
)
EXPECTED: list[dict[str, Any]] = [
    {
        "prompt": [{"role": "user", "content": "I cannot sleep."}],
        "responses": [
            {"text": "Try tea.", "rank": 2, "origin": "human"},
            {"text": "Since when?", "rank": 1, "origin": "human"},
        ],
        "external_id": "m1",
        "language": "en",
    },
    {
        "prompt": [
            {"role": "user", "content": "I cannot sleep."},
            {"role": "assistant", "content": "Since when?"},
            {"role": "user", "content": "Since May."},
        ],
        "responses": [{"text": "What changed?", "origin": "human"}],
        "external_id": "m4",
        "language": "en",
    },
]


def flat(tree: dict[str, Any], parent: str | None = None) -> list[dict[str, Any]]:
    own = {name: value for name, value in tree.items() if name != "replies"}
    below = [row for reply in tree["replies"] for row in flat(reply, tree["message_id"])]
    return [own | {"parent_id": parent}, *below]


def test_a_deleted_message_is_left_out_with_all_below_it() -> None:
    deleted = node("d1", "prompter", "Spam.", node("d2", "assistant", "Yes?"), deleted=True)
    below = node("r", "assistant", "Spam.", node("q", "prompter", "More"), deleted=True)
    for rows in (
        prepared(enumerate([{"prompt": deleted}, {"prompt": node("a", "prompter", "Hi", below)}])),
        prepared(enumerate([*flat(deleted), *flat(node("a", "prompter", "Hi", below))])),
    ):
        assert [row["external_id"] for _line, row in rows.rows] == ["a"]
        assert rows.counts["deleted_messages"] == 2
        assert "2 deleted messages were left out, with the messages below them." in others(
            rows.counts
        )


def test_cells_of_a_table_of_messages_mean_the_same() -> None:
    rows = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        | {"deleted": str(row.get("deleted", False)), "synthetic": "False"}
        for row in flat(TREE)
    ]
    assert [row for _line, row in prepared(enumerate(rows)).rows] == EXPECTED
    (decimal,) = prepared([(1, rows[0]), (2, rows[1] | {"rank": "1.0"})]).rows
    assert decimal[1]["responses"][0]["rank"] == 2


def test_a_nested_tree_gives_a_prompt_for_each_turn_with_replies() -> None:
    result = prepared([(4, {"message_tree_id": "m1", "prompt": TREE})])
    assert result.shape == "trees"
    assert result.rows == [(4, row) for row in EXPECTED]


def test_ranks_of_a_tree_are_counted() -> None:
    rows = rows_of([{"message_tree_id": "m1", "prompt": TREE}])
    assert len(list(rows)) == len(EXPECTED)
    assert rows.about["counts"]["ranked"] == 2


def test_a_list_of_messages_gives_the_same_prompts_at_the_lines_of_their_turns() -> None:
    messages = flat(TREE)
    result = prepared(enumerate(reversed(messages), 1))
    assert result.shape == "tree_messages"
    found = dict(result.rows)
    line = {row["message_id"]: number for number, row in enumerate(reversed(messages), 1)}
    by_text = [sorted(found[line[n]]["responses"], key=lambda r: r["text"]) for n in ("m1", "m4")]
    assert by_text == [sorted(r["responses"], key=lambda r: r["text"]) for r in EXPECTED]
    assert [found[line[name]]["prompt"] for name in ("m1", "m4")] == [r["prompt"] for r in EXPECTED]


def test_a_message_without_its_parent_is_an_error_of_its_line() -> None:
    lost = {"message_id": "x", "parent_id": "gone", "role": "assistant", "text": "Hello"}
    rows = prepared(enumerate([*flat(TREE), lost], 1)).rows
    bad = [(line, str(row)) for line, row in rows if isinstance(row, BadRow)]
    assert bad == [(7, "the file has no message with the id of parent_id.")]


def test_notes_and_invalid_rows_of_a_list_of_messages_are_passed_on() -> None:
    given = [
        (0, Note("The names are in line 2.")),
        *enumerate(flat(TREE), 3),
        (9, BadRow("the line is not valid CSV.")),
        (10, {"parent_id": None, "role": "prompter", "text": "Who?"}),
    ]
    rows = prepared(given).rows
    assert rows[0] == (0, "The names are in line 2.")
    assert [(line, str(row)) for line, row in rows if isinstance(row, BadRow)] == [
        (9, "the line is not valid CSV."),
        (10, "message_id is missing."),
    ]


def test_a_tree_deeper_than_a_prompt_may_be_is_an_error() -> None:
    tree = node("deep", "assistant", "end")
    for number in range(300):
        tree = node(f"d{number}", "prompter" if number % 2 == 0 else "assistant", "t", tree)
    rows = prepared([(1, {"prompt": tree})]).rows
    assert [str(row) for _line, row in rows if isinstance(row, BadRow)] == [
        "the tree has more than 200 turns."
    ]


def said(name: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
    return {"message_id": name, "parent_id": parent, "role": role, "text": text}


def test_roles_may_be_in_capitals() -> None:
    asked, answered = said("a", None, "Prompter", "How?"), said("b", "a", " ASSISTANT", "So.")
    ((_line, row),) = prepared([(1, asked), (2, answered)]).rows
    assert [one["text"] for one in row["responses"]] == ["So."]
    tree = node("a", "Prompter", "How?", node("b", "Assistant", "So."))
    ((_line, row),) = prepared([(1, {"prompt": tree})]).rows
    assert [one["text"] for one in row["responses"]] == ["So."]


def test_no_message_is_lost_without_a_word() -> None:
    messages = [
        said("a", None, "prompter", "Hi"),
        said("b", "a", "assistant", "Hello"),
        said("b", "a", "assistant", "Another reply"),
        said("c", "d", "prompter", "In a circle"),
        said("d", "c", "assistant", "In a circle, too"),
        said("e", "e", "prompter", "Its own parent"),
        said("f", "gone", "prompter", "An orphan"),
        said("g", "f", "assistant", "Below an orphan"),
        said("h", "a", "narrator", "Meanwhile"),
    ]
    rows = prepared(enumerate(messages, 1)).rows
    bad = {line: str(row) for line, row in rows if isinstance(row, BadRow)}
    no_beginning = "the messages above it have no beginning."
    assert bad == {
        3: "an earlier message has the same message_id.",
        4: no_beginning,
        5: no_beginning,
        6: no_beginning,
        7: "the file has no message with the id of parent_id.",
        8: no_beginning,
        9: "the role “narrator” is unknown.",
    }
    ((_line, row),) = [one for one in rows if one[0] not in bad]
    assert row["responses"] == [{"text": "Hello", "origin": "human"}]


def test_a_tree_with_an_unknown_role_is_an_error() -> None:
    tree = node("a", "prompter", "Hi", node("b", "narrator", "Meanwhile"))
    ((_line, row),) = prepared([(1, {"prompt": tree})]).rows
    assert str(row) == "the role “narrator” is unknown."
