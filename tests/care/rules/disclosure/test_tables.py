"""The tables can be read, and nothing in them is without use."""

from __future__ import annotations

from itertools import pairwise

import pytest

from codesign.care.rules.disclosure.phrases import MOST_WORDS, Language, must_be_a_word
from codesign.care.rules.disclosure.tables import (
    FOLDER,
    OF_PHRASES,
    _sections,
    language_codes,
    read_table,
)

CODES = language_codes()


def phrases(table: Language) -> list[str]:
    return [
        *(phrase for group in table.groups for phrase in group.phrases),
        *(phrase for name in OF_PHRASES for phrase in table.lists[name]),
    ]


def test_the_languages_of_the_interface_have_tables() -> None:
    assert CODES == ["ar", "en", "es"]


@pytest.mark.parametrize("code", CODES)
def test_every_set_is_used(code: str) -> None:
    table = read_table(code)
    used = {
        name
        for phrase in phrases(table)
        for element in phrase.split()
        for name in element.lstrip("!").partition("*")[0].rstrip("?").split("|")
    }
    assert table.sets.keys() - used == set()


@pytest.mark.parametrize("code", CODES)
def test_every_phrase_has_a_word_by_which_it_is_looked_up(code: str) -> None:
    without = [
        phrase
        for phrase in phrases(read_table(code))
        if not any(map(must_be_a_word, phrase.split()))
    ]
    assert without == []


@pytest.mark.parametrize("code", CODES)
def test_no_phrase_is_longer_than_the_overlap_of_parts(code: str) -> None:
    table = read_table(code)

    def longest(element: str) -> int:
        if element[0] == "~":
            return int(element[1:])
        return max((len(choice.split()) for choice in table.choices(element)), default=1)

    ordered = [phrase.split() for phrase in phrases(table) if phrase[0] != "&"]
    assert max(sum(map(longest, elements)) for elements in ordered) <= MOST_WORDS


@pytest.mark.parametrize("code", CODES)
def test_every_section_says_why_it_is_there(code: str) -> None:
    lines = (FOLDER / f"{code}.txt").read_text(encoding="utf-8").splitlines()
    silent = [
        heading
        for heading, after in pairwise(lines)
        if heading[:1].isalpha() and not heading.startswith("set ") and "# " not in after
    ]
    assert silent == []


def test_sections_leave_comments_out() -> None:
    text = (
        "# about\n\nset A\n    # why\n    one two  # note\n    three\nsoon\n    # why\n    now #\n"
    )
    assert [*_sections(text)] == [("set A", ["one two", "three"]), ("soon", ["now #"])]
