"""A text is read as Windows-1252 only if it then reads as a language that is written in it."""

from __future__ import annotations

import pytest

from modelhub.rules.code_pages import accented, is_western


@pytest.mark.parametrize(
    "text",
    [
        "Hace días que no duermo. ¿Qué puedo hacer mañana?",
        "L’été dernier, j’ai perdu mon frère à l’hôpital.",
        "Ich schäme mich für alles und weiß nicht weiter.",
        "Não consigo dormir, e a solidão não passa.",
        "Perché mi sento così? Non so più che cosa fare.",
        "I can’t sleep… and I don’t know why.",
        "MAÑANA SERÁ OTRO DÍA",
    ],
)
def test_languages_of_western_europe_are_read(text: str) -> None:
    assert is_western(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("لا أستطيع النوم منذ أيام", "cp1256"),
        ("Не могу уснуть уже неделю", "cp1251"),
        ("Od kilku dni źle sypiam i nie wiem, co robić.", "cp1250"),
        ("Už několik dní špatně spím a nevím, co dělat.", "cp1250"),
        ("Günlerdir uyuyamıyorum ve ne yapacağımı bilmiyorum.", "cp1254"),
        ("Hace días que no duermo. La canción me ayudó, pero según ellos no.", "mac_roman"),
        ("L’été dernier, j’ai perdu mon frère à l’hôpital.", "mac_roman"),
    ],
)
def test_texts_of_other_code_pages_are_not(text: str, written: str) -> None:
    assert not is_western(text.encode(written).decode("cp1252", errors="surrogateescape"))


def test_letters_of_several_languages_are_not_of_one() -> None:
    assert is_western("mañana " * 50 + "François")  # a name
    assert not is_western("mañana Straße frère søvn")


def test_the_first_words_with_accents_are_shown() -> None:
    assert accented("Hace días; ¿qué? Mañana, quizá.", 2) == ["días", "qué"]
