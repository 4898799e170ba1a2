"""What is noticed, how urgent it is, and that no text makes it slow."""

from __future__ import annotations

import pytest

from codesign.care.rules.disclosure.detection import NOTHING, find_disclosure
from codesign.care.rules.disclosure.phrases import Urgency
from tests.support.timing import seconds_of

CONCERN, IMMINENT = Urgency.CONCERN, Urgency.IMMINENT

# text, urgency; None if it tells of no crisis of its writer
TRUTH: list[tuple[str, Urgency | None]] = [
    ("", None),
    (" \n\n\u200b", None),
    ("die", None),
    # the same words about the writer, the reader and others
    ("I want to die.", CONCERN),
    ("You want to die.", None),
    ("I think you want to die.", None),
    ("He wants to die and reply A ignores it.", None),
    ("If you want to die, please call this number.", None),
    ("If you want to die, please call this number. I want to die some days too.", CONCERN),
    ("Me quiero morir.", CONCERN),
    ("¿Quieres morir?", None),
    ("أريد أن أموت", CONCERN),
    ("هل تريد أن تموت؟", None),
    # the same plan long ago, as a wish, and now
    ("I took an overdose ten years ago.", CONCERN),
    ("I took an overdose an hour ago.", IMMINENT),
    ("I think about suicide.", CONCERN),
    ("I will do it tonight.", IMMINENT),
    ("Voy a matarme esta noche.", IMMINENT),
    ("سأقتل نفسي الليلة", IMMINENT),
    ("My husband hits me.", CONCERN),
    ("He is going to kill me.", IMMINENT),
    # what others said
    ('The reply says "I want to die" and goes on.', None),
    ("The reply says nothing useful, and I want to die.", CONCERN),
    ("The reply says call a friend but I want to die.", CONCERN),
    ('I told my sister "I want to die".', CONCERN),
    # idioms
    ("I nearly died laughing.", None),
    ("My phone is about to die.", None),
    ("Me muero de risa.", None),
    ("متت من الضحك", None),
    ("This commute kills me.", None),
    # negations of a state are believed, those of a wish are not
    ("I am not suicidal.", None),
    ("I never wanted to die.", CONCERN),
]


@pytest.mark.parametrize(("text", "urgency"), TRUTH)
def test_truth_table(text: str, urgency: Urgency | None) -> None:
    assert find_disclosure(text).urgency == urgency


@pytest.mark.parametrize(
    "text",
    [
        "I WANT TO DIE!!!",
        "i want to dieeee",
        "i wantto die",
        "I want\nto die",
        "I want... to die",
        "I. Want. To. Die.",
        "Ｉ ｗａｎｔ ｔｏ ｄｉｅ",
        "I wa\u200bnt to d\u00adie",
        "I don’t want to live",
        "i dont want to live",
        "I want to kms",
        "i wanna unalive myself",
        "I feel su1cidal",
        "I think about s*icide",
        "i think about s u i c i d e",
        "I think about sucide",
        "kiero morirme",
        "quiero morírme",
        "toy re suisida",
        "أُرِيدُ أَنْ أَمُوتَ",
        "اريـــد ان امــوت",
        "وأريد أن أموت",
        "اريد ان امووووت",
    ],
)
def test_spelling_makes_no_difference(text: str) -> None:
    assert find_disclosure(text).found


def test_every_language_is_looked_for_in_every_text() -> None:
    disclosure = find_disclosure("The reply is fine. Me quiero morir. أريد أن أموت. I want to die.")
    assert disclosure.languages == {"ar", "en", "es"}


def test_nothing_found_is_no_language_and_no_span() -> None:
    disclosure = find_disclosure("The last paragraph repeats the first.", with_spans=True)
    assert disclosure == NOTHING
    assert (disclosure.found, disclosure.languages, disclosure.spans) == (False, frozenset(), ())


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Good reply. I want to die, though.", "I want to die"),
        ("\U0001f642 I\u2019m suicidal", "I\u2019m suicidal"),
        ("Bueno. Me quiero morir.", "quiero morir"),
        ("رد جيد. أُرِيدُ أَنْ أَمُوتَ.", "أُرِيدُ أَنْ أَمُوتَ"),
    ],
)
def test_spans_are_code_points_of_the_text(text: str, marked: str) -> None:
    disclosure = find_disclosure(text, with_spans=True)
    assert marked in {text[start:end] for start, end in disclosure.spans}


def test_spans_are_given_on_request_only() -> None:
    assert find_disclosure("I want to die").spans == ()


def test_where_words_cannot_be_counted_the_span_is_the_text() -> None:
    text = "i think about s u i c i d e"
    assert find_disclosure(text, with_spans=True).spans == ((0, len(text)),)


def test_a_disclosure_deep_in_a_sentence_without_an_end_is_found() -> None:
    for words in range(50, 140):
        assert find_disclosure("and so on " * words + "I want to die " + "and so on " * 60).found


def seconds(text: str) -> float:
    return seconds_of(lambda: find_disclosure(text), times=5)


LONGEST = 50_000
"""Characters; longer than any text that a form accepts."""


@pytest.mark.parametrize(
    "piece",
    [
        "I read the reply twice, and I would end on the question. ",
        "If you are thinking of ending your life, call this number now. ",
        "i want to ",
        "i i i i ",
        "me quiero ",
        "انا اريد ان ",
        "die alone dead hurt my ",
        "i s*i*c*i*d*e ",
        "a b c d e f g ",
        "$1a!",
        "aaaa",
        "1a",
        "\u0301",
        "\u0640",
        ".",
        "...",
        "!",
        "\n",
        "\n ",
        " ",
        "'",
        "ﷺ",
    ],
)
def test_twice_the_text_takes_no_more_than_four_times_as_long(piece: str) -> None:
    """Prevents backtracking: its time grows with the square of the text or worse."""
    text = (piece * LONGEST)[:LONGEST]
    seconds(text[:100])  # compiles the phrases
    assert seconds(text) < 4 * seconds(text[: LONGEST // 2]) + 0.01
