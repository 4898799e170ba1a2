"""Truth tables: when two texts are the same, what can be stored, what is marked."""

import pytest

from annotations.rules.text_kinds import TextCheck
from annotations.rules.texts import (
    caseless_hash,
    first_check,
    marked,
    one_line_ending,
    same_text,
    same_words,
    storable,
    text_hash,
)


@pytest.mark.parametrize(
    ("first", "second", "text", "caseless", "words"),
    [
        ("Breathe.", "Breathe.", True, True, True),
        (" Breathe\n slowly", "Breathe slowly ", True, True, True),
        ("caf\u00e9", "cafe\u0301", True, True, True),
        ("Breathe", "breathe", False, True, True),
        ("Breathe.", "Breathe!", False, False, True),
        ("Go on", "Goon", False, False, True),
        ("`a^", "a", False, False, True),
        ("\uff34ext", "Text", False, False, True),
        ("a\u200bb", "ab", False, False, True),
        ("a+b", "ab", False, False, False),
        ("2 pills", "3 pills", False, False, False),
        ("Breathe", "Rest", False, False, False),
    ],
)
def test_when_two_texts_are_the_same(
    first: str, second: str, text: bool, caseless: bool, words: bool
) -> None:
    assert same_text(first, second) is text
    assert (text_hash(first) == text_hash(second)) is text
    assert (caseless_hash(first) == caseless_hash(second)) is caseless
    assert same_words(first, second) is words


@pytest.mark.parametrize(
    ("text", "is_storable"),
    [
        ("", True),
        ("plain", True),
        ("\U0001f33f", True),
        ("a\x00", False),
        ("\ud83c", False),
        ("a \udf3f b", False),
    ],
)
def test_what_the_database_can_store(text: str, is_storable: bool) -> None:
    assert storable(text) is is_storable


def test_line_endings_become_those_of_programs() -> None:
    assert one_line_ending("a\r\nb\rc\nd") == "a\nb\nc\nd"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Breathe.", [("Breathe.", False)]),
        ("jo@example.org", [("jo@example.org", True)]),
        ("Ring 020 7946 now", [("Ring ", False), ("020 7946", True), (" now", False)]),
        ("at 5 or AB12", [("at ", False), ("5", True), (" or ", False), ("AB12", True)]),
    ],
)
def test_what_may_be_personal_data_is_marked(text: str, pieces: list[tuple[str, bool]]) -> None:
    assert marked(text) == pieces


@pytest.mark.parametrize(
    ("texts", "check"),
    [
        ([], TextCheck.CLEAR),
        (["Breathe.", "Rest."], TextCheck.CLEAR),
        (["Breathe.", "jo@example.org"], TextCheck.UNCHECKED),
        (["12345", "Rest."], TextCheck.UNCHECKED),
        (["é 12345"], TextCheck.UNCHECKED),
        (["١٢٣٤٥"], TextCheck.UNCHECKED),
        (["1 2 3 4"], TextCheck.UNCHECKED),
        (["1 and, then 2"], TextCheck.CLEAR),
        (["1234"], TextCheck.CLEAR),
        (["AB12CD"], TextCheck.UNCHECKED),
        (["5-JAN"], TextCheck.UNCHECKED),
        (["may-9"], TextCheck.UNCHECKED),
        (["fe80::1:"], TextCheck.UNCHECKED),
    ],
)
def test_which_texts_are_searched_for_personal_data(texts: list[str], check: TextCheck) -> None:
    assert first_check(*texts) == check
