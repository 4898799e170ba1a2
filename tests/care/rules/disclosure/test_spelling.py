"""Words are repaired towards the tables, and only those that the tables do not have."""

from __future__ import annotations

import pytest

from codesign.care.rules.disclosure.spelling import Speller, normal_word, word_spans

SPELLER = Speller(
    vocabulary=["want", "to", "die", "kill", "suicide", "hacer", "voz", "اموت", "الموت", "kms"],
    keys=["suicide", "kill"],
    joined=[["i", "want", "to"]],
    real=["suicides"],
    slips={"nite": "night", "ovr": "all_over"},
    sounds=[(["hacer", "voz"], [("ce", "se"), ("z", "s"), ("h", "")])],
)


def words(text: str) -> list[str]:
    return [word for sentence in SPELLER.sentences(text) for word in sentence]


@pytest.mark.parametrize(
    ("word", "repaired"),
    [
        ("die", "die"),
        ("dieee", "die"),
        ("d1e", "die"),
        ("k!ll", "kill"),
        ("ki11", "kill"),
        ("k*ll", "kill"),
        ("s u i c i d e", "suicide"),
        ("k.m.s", "kms"),
        ("suicde", "suicide"),  # a letter missing
        ("suiccide", "suicide"),
        ("suicude", "suicide"),  # a wrong letter
        ("siucide", "suicide"),  # two letters swapped
        ("suicides", "suicides"),  # a word of its own
        ("sidewalk", "sidewalk"),
        ("wantto", "want to"),
        ("aser", "hacer"),
        ("bos", "bos"),
        ("vos", "voz"),
        ("nite", "night"),
        ("ovr", "all over"),
        ("واموت", "اموت"),
        ("والموت", "الموت"),
        ("Ａ", "a"),
        ("é", "e"),
        ("don’t", "dont"),
        ("٣٠", "30"),
        ("2030", "2030"),
        ("a*b", "a b"),
    ],
)
def test_a_word(word: str, repaired: str) -> None:
    assert " ".join(words(word)) == repaired


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One two. Three four", [["one", "two"], ["three", "four"]]),
        ("One two? Three four!", [["one", "two"], ["three", "four"]]),
        ("One two?! Three four", [["one", "two"], ["three", "four"]]),
        ("واحد اثنان؟ ثلاثة اربعة", [["واحد", "اثنان"], ["ثلاثه", "اربعه"]]),
        ("One two... three", [["one", "two", "three"]]),
        ("One two… three", [["one", "two", "three"]]),
        ("One two\nthree four", [["one", "two", "three", "four"]]),
        ("One two\n \nthree four", [["one", "two"], ["three", "four"]]),
        ("One. Two. Three.", [["one", "two", "three"]]),
        (" .!? ", []),
    ],
)
def test_sentences(text: str, sentences: list[list[str]]) -> None:
    assert SPELLER.sentences(text) == sentences


@pytest.mark.parametrize(
    ("word", "normal"),
    [
        ("أريدُ", "اريد"),
        ("آخر", "اخر"),
        ("فتاة", "فتاه"),
        ("على", "علي"),
        ("شيء", "شيء"),
        ("Ñ", "n"),
    ],
)
def test_normal_word(word: str, normal: str) -> None:
    assert normal_word(word) == normal


def test_word_spans_count_the_words_that_sentences_have() -> None:
    text = "I\u2019m here, أُرِيدُ — ok?"
    assert [text[start:end] for start, end in word_spans(text)] == [
        "I\u2019m",
        "here",
        "أُرِيدُ",
        "ok",
    ]
    assert len(words(text)) == 4
