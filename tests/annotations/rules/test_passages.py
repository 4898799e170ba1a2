"""Where the words that a person names are in a text."""

from __future__ import annotations

import pytest

from annotations.rules.passages import MOST_PLACES, context_of, places_of

MARKDOWN = "Some **strong** words,\nand:\n\n- one\n- two `x`\n"


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("warm", "A warm reply.", ["warm"]),
        ("WARM  reply", "A warm\nreply.", ["warm\nreply"]),
        ("strong words", MARKDOWN, ["strong** words"]),
        ("**strong**", MARKDOWN, ["**strong**"]),
        ("and: one two x", MARKDOWN, ["and:\n\n- one\n- two `x"]),
        ("don't", "I don’t know", ["don’t"]),
        ("é", "caf\u00e9 cafe\u0301", ["\u00e9", "e\u0301"]),
        ("cafe", "cafe\u0301", []),
        ("e\u0301", "cafe\u0301 caf\u00e9", ["e\u0301", "\u00e9"]),
        ("👩🏽‍🚒 today", "I am 👩🏽‍🚒 today", ["👩🏽‍🚒 today"]),
        ("أسبوع", "لا أستطيع النوم منذ أسبوع 🙂", ["أسبوع"]),
        ("so", "so so so", ["so", "so", "so"]),
        ("", "A warm reply.", []),
        (" \n", "A warm reply.", []),
        ("cold", "A warm reply.", []),
        ("[a-z]+", "A warm reply.", []),
    ],
)
def test_words_are_found_as_typed_and_as_shown(words: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in places_of(words, text)] == found


def test_no_more_places_than_people_can_choose_from() -> None:
    assert len(places_of("so", "so " * 100)) == MOST_PLACES


def test_context_of_a_place() -> None:
    assert context_of((4, 7), "one two three", around=3) == ("ne ", "two", " th")
    assert context_of((0, 3), "one two") == ("", "one", " two")
