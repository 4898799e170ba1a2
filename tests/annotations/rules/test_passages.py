"""Where the words that a person names are in a text."""

from __future__ import annotations

import pytest

from annotations.rules.passages import MOST_PLACES, MOST_WORDS, context_of, places_of, words_at
from codesign.shared import markdown
from tests.support.timing import seconds_of

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


@pytest.mark.parametrize(
    ("words", "piece"),
    [
        ("a", "a"),
        ("a " * (MOST_WORDS // 2 - 1) + "b", "a "),
        ("b", "a\u0301"),
        ("b", "\u0301\u0323"),
    ],
)
def test_the_time_to_find_words_does_not_grow_with_the_square_of_a_text(
    words: str, piece: str
) -> None:
    """Prevents a page that keeps a web process busy for half a minute."""
    longest = 50_000 // len(piece)
    short = seconds_of(lambda: places_of(words, piece * (longest // 4)))
    assert seconds_of(lambda: places_of(words, piece * longest)) < 10 * short + 0.05


def test_words_of_many_passages_read_a_text_once() -> None:
    text = "*word* some text. " * 1_000
    once = seconds_of(lambda: words_at((3, 9), text))
    many = seconds_of(lambda: [words_at((at, at + 6), text) for at in range(500)])
    assert many < 10 * once + 0.05


def test_the_time_of_many_links_does_not_grow_with_their_square() -> None:
    link = "[a](https://e.example.org) "
    short = seconds_of(lambda: markdown.to_html(link * 500, level=2, language="en"))
    assert seconds_of(lambda: markdown.to_html(link * 2_000, level=2, language="en")) < 10 * short


def test_words_that_are_too_long_are_found_nowhere() -> None:
    assert places_of("a" * MOST_WORDS, "a" * 3_000)
    assert not places_of("a" * (MOST_WORDS + 1), "a" * 3_000)
