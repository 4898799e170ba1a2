"""The figures of decision 30, and that the sentences behind them are worth the name."""

from __future__ import annotations

from collections import Counter

import pytest

from codesign.care.rules.disclosure.measuring import (
    PARTS,
    Figures,
    Labelled,
    _labelled,
    measure,
    milliseconds,
    read_sentences,
)
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.care.rules.disclosure.tables import language_codes

CODES = language_codes()
LEAST_RECALL, LEAST_PRECISION = 0.98, 0.5
WITH_DISCLOSURES = tuple(part for part in PARTS if not part.startswith("everyday"))
# Sentences that nothing was fitted to: the aim of 0.98 is missed, these are the true figures.
INDEPENDENT = {"ar": 0.72, "en": 0.8, "es": 0.81}
MOST_ALARMS = {"ar": 0.1, "en": 0.12, "es": 0.16}
"""Of everyday texts that nothing was fitted to, most of them rewrites for people in a crisis."""
KINDS = {
    *("abuse", "clinical", "crisis", "crisis-reply", "direct", "joke", "metaphor", "negation"),
    *("oblique", "ordinary", "past", "quotation", "self-harm", "third-person", "typo"),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("part", WITH_DISCLOSURES)
def test_recall_and_precision(code: str, part: str) -> None:
    figures = measure(read_sentences(code, part))
    least = INDEPENDENT[code] if part == "independent" else LEAST_RECALL
    assert figures.recall >= least, figures.missed
    assert figures.precision >= LEAST_PRECISION, figures.false_alarms


@pytest.mark.parametrize("code", CODES)
def test_everyday_texts_are_rarely_taken_for_disclosures(code: str) -> None:
    figures = measure(read_sentences(code, "everyday_independent"))
    assert (figures.sentences, figures.disclosures) == (110, 0)
    assert figures.alarms <= MOST_ALARMS[code], figures.false_alarms


@pytest.mark.parametrize("code", CODES)
def test_imminent_disclosures_of_the_first_two_parts_are_called_imminent(code: str) -> None:
    for part in PARTS[:2]:
        assert measure(read_sentences(code, part)).imminent_recall >= 0.9


@pytest.mark.parametrize("code", CODES)
def test_each_language_has_enough_sentences_of_every_kind(code: str) -> None:
    first_two = [row for part in PARTS[:2] for row in read_sentences(code, part)]
    assert len(first_two) >= 300
    assert {row.kind for row in first_two} == KINDS
    assert min(Counter(row.urgency for row in first_two).values()) >= 35
    assert len(read_sentences(code, "independent")) >= 130


@pytest.mark.parametrize("code", CODES)
def test_no_sentence_is_there_twice(code: str) -> None:
    texts = Counter(row.text for part in PARTS for row in read_sentences(code, part))
    assert [text for text, times in texts.items() if times > 1] == []


def test_figures_are_counted_as_they_are_called() -> None:
    rows = [
        Labelled(Urgency.CONCERN, "direct", "I want to die"),
        Labelled(Urgency.CONCERN, "oblique", "The leaves are gone"),
        Labelled(Urgency.IMMINENT, "direct", "I am going to kill myself tonight"),
        Labelled(None, "ordinary", "The page is blue"),
        Labelled(None, "negation", "I never wanted to die"),
    ]
    figures = measure(rows)
    assert (figures.sentences, figures.disclosures, figures.imminent) == (5, 3, 1)
    assert [figures.recall, figures.precision] == pytest.approx([2 / 3, 2 / 3])
    assert (figures.imminent_recall, figures.alarms) == (1, 1 / 2)
    assert (figures.missed, figures.false_alarms) == ([rows[1]], [rows[4]])


def test_figures_are_whole_where_there_is_nothing_to_find() -> None:
    figures = Figures(sentences=1)
    assert (figures.recall, figures.precision, figures.imminent_recall) == (1, 1, 1)


@pytest.mark.parametrize("row", ["none\tdirect", "none direct text", "urgent\tdirect\ttext"])
def test_a_row_that_is_not_label_kind_and_sentence_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r"en_fresh\.tsv: not label, kind and sentence"):
        _labelled("en_fresh.tsv", row)


@pytest.mark.parametrize("code", CODES)
def test_five_hundred_words_full_of_such_sentences_take_at_most_two_milliseconds(code: str) -> None:
    assert 0 < milliseconds(read_sentences(code, "fresh")) < 2
