"""The second step finds wordings that are in no table, and few texts that only look similar."""

from __future__ import annotations

import pytest

from codesign.care.rules.disclosure.detection import ALIKE, NOTHING, find_disclosure, sentences_of
from codesign.care.rules.disclosure.likeness import LONGEST, likeness
from codesign.care.rules.disclosure.phrases import Urgency

# wordings without a phrase of the tables
FOUND = (
    "I keep giving my things away and nobody asks why",
    "a ratos me imagino que ya no estoy y siento alivio",
    "كل ليلة أتخيل البيت من غيري وأشعر براحة غريبة",
)
CALM = (
    "",
    "ok",
    "Both replies are kind, the second is clearer.",
    "Las dos respuestas son amables, la segunda es más clara.",
    "الردان لطيفان والثاني أوضح.",
)


@pytest.mark.parametrize("text", FOUND)
def test_a_wording_that_no_table_has_is_found_as_a_concern(text: str) -> None:
    disclosure = find_disclosure(text, with_spans=True)
    assert disclosure.urgency is Urgency.CONCERN
    assert (disclosure.languages, disclosure.spans) == (frozenset(), ())


@pytest.mark.parametrize("text", CALM)
def test_a_calm_text_is_not_found(text: str) -> None:
    assert find_disclosure(text) == NOTHING


def test_a_long_text_around_it_hides_no_sentence() -> None:
    (words,) = sentences_of(FOUND[0])
    (calm,) = sentences_of("the first reply is long and has three parts that say the same")
    alone = likeness(words)
    assert alone >= ALIKE
    assert likeness(calm) < ALIKE
    assert len(calm * 20) > LONGEST
    assert find_disclosure(f"{CALM[2]} {FOUND[0]}. {CALM[2]}").found
    assert likeness([*calm * 20, *words, *calm * 20]) > likeness(calm * 20)


def test_words_that_the_tables_explain_are_left_to_them() -> None:
    """A sentence in which a phrase matches that means nothing there, such as a quotation."""
    for text in ("The reply says that I want to die.", "I nearly died laughing."):
        assert find_disclosure(text) == NOTHING
