"""Hints on wording: what is found, what is left alone, in every language of the table."""

from __future__ import annotations

import json

import pytest

from codesign.care.rules.wording import MOST_HINTS, SOURCES, TABLE, WHY, hints_on

FOUND = [
    ("He committed suicide.", "committed suicide", "died by suicide"),
    ("COMMIT\n  SUICIDE", "COMMIT SUICIDE", "died by suicide"),
    ("after a failed attempt", "failed attempt", "suicide attempt"),
    ("people who suffer from anxiety", "suffer from", "lives with, or has"),
    ("Ask an addict.", "addict", "a person with a substance use disorder"),
    ("the mentally ill", "the mentally ill", "people with mental-health conditions"),
    ("she took 30 tablets", "30 tablets", "leave out how it was done"),
    ("He hanged himself", "hanged himself", "leave out how it was done"),
    ("Cometió suicidio", "Cometió suicidio", "murió por suicidio"),
    ("un intento fallido", "intento fallido", "intento de suicidio"),
    ("los enfermos mentales", "los enfermos mentales", "personas con problemas de salud mental"),
    ("محاولة انتحار فاشلة", "محاولة انتحار فاشلة", "محاولة انتحار"),
    ("مُدْمِن مخدرات", "مدمن مخدرات", "شخص لديه اضطراب تعاطي المواد"),
]
LEFT_ALONE = [
    "He died by suicide.",
    "Alcoholics Anonymous meets here.",
    "The study addresses addiction.",
    "A committed team prevents suicide.",
    "Offer two tablets or phones to judge on.",
    "La persona murió por suicidio.",
    "توفي بالانتحار",
    "",
]


@pytest.mark.parametrize(("text", "phrase", "better"), FOUND)
def test_a_phrase_gets_a_better_one(text: str, phrase: str, better: str) -> None:
    (hint,) = hints_on([text])
    assert (hint.phrase, hint.better) == (phrase, better)
    assert hint.source_url.startswith("https://")
    assert str(hint.why)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_other_words_are_left_alone(text: str) -> None:
    assert hints_on([text]) == []


def test_each_phrase_is_named_once_in_the_order_of_the_texts() -> None:
    hints = hints_on(["An addict.", "He committed suicide. Committed suicide! The addict."])
    assert [hint.phrase for hint in hints] == ["addict", "committed suicide"]


def test_a_long_text_gets_a_limited_number_of_hints() -> None:
    text = " ".join(f"{number} tablets" for number in range(100))
    assert len(hints_on([text])) == MOST_HINTS


def test_the_table_is_whole() -> None:
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    assert {row["language"] for row in rows} == {"en", "es", "ar"}
    for row in rows:
        assert row["about"] in WHY
        assert row["source"] in SOURCES
        assert hints_on([row["better"]]) == [], row["better"]


def test_a_text_of_50_000_characters_takes_little_time() -> None:
    assert hints_on(["a suffers " * 5_000]) == []
