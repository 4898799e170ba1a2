"""Each sign of a phrase matches what the module says, and no more."""

from __future__ import annotations

import re

import pytest

from codesign.care.rules.disclosure.phrases import Language, either_of, must_be_a_word

TABLE = Language(
    code="xx",
    sets={"DIE": ["die", "end_it_all"], "I": ["i", "i'm"]},
    groups=(),
    lists={"others": ["you"]},
)


@pytest.mark.parametrize(
    ("phrase", "line", "matches"),
    [
        ("die", "i die", True),
        ("die", "i diet", False),
        ("die|go", "i go", True),
        ("I DIE", "im end it all", True),
        ("I DIE", "im end it", False),
        ("i now? die", "i die", True),
        ("i now? die", "i now die", True),
        ("i now? die", "i will die", False),
        ("i ~2 die", "i die", True),
        ("i ~2 die", "i really will die", True),
        ("i ~2 die", "i really will soon die", False),
        ("i ~2 die", "i you die", False),
        ("took #", "took 30", True),
        ("took #", "took some", False),
        ("took #|some", "took some", True),
        ("^ die", "die now", True),
        ("^ die", "i die", False),
        ("die $", "i die", True),
        ("die $", "die now", False),
        ("die now|$", "die now", True),
        ("& I DIE", "die if i", True),
        ("& I DIE", "die", False),
        ("& I DIE !you", "i die you know", False),
        ("& I DIE*2", "i die", False),
        ("& I DIE*2", "die and i die", True),
    ],
)
def test_a_phrase(phrase: str, line: str, matches: bool) -> None:
    assert (either_of(TABLE, [phrase]).search(f" {line} ") is not None) is matches


def test_the_key_is_the_element_that_idioms_are_compared_with() -> None:
    match = re.search(TABLE.pattern(["i", "~2", "DIE"], key=2), " i will end it all ")
    assert match is not None
    assert match["key"] == " end it all"


def test_an_unknown_set_is_an_error() -> None:
    with pytest.raises(KeyError, match="UNKNOWN"):
        TABLE.pattern(["UNKNOWN"])


@pytest.mark.parametrize(
    ("element", "must"),
    [("die", True), ("a|b", True), ("a?", False), ("~3", False), ("a|$", False), ("!YOU", False)],
)
def test_which_elements_every_match_has(element: str, must: bool) -> None:
    assert must_be_a_word(element) is must
