"""Translations contain every text of the code, whole and with everything that pages put in."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings

from codesign.config.formats.ar import formats as arabic
from codesign.config.formats.en import formats as english
from codesign.config.formats.es import formats as spanish
from codesign.shared.catalogues import LOCALE
from tests.support.messages import catalogue_path, extracted
from tests.support.source import ROOT

LANGUAGES = sorted(path.name for path in LOCALE.iterdir())
NAMED = re.compile(r"%\(([a-z_]+)\)([a-z])|%(%)")
BRACES = re.compile(r"\{([a-z_]*)\}")
EXACT = {"es": {0}, "ar": {0, 1, 2}}
"""Plural forms for one exact number, which a sentence can say in words instead of figures."""
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)|(?:left|right)\s*:|"
    r"(?:float|clear|text-align)\s*:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius)"
)


@cache
def catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def code() -> set[tuple[object, str | None]]:
    return {key_of(message) for message in extracted() if message.id}


def key_of(message: Message) -> tuple[object, str | None]:
    return message.id if isinstance(message.id, str) else tuple(message.id), message.context


def translated(language: str) -> list[Message]:
    return [one for one in catalogue(language) if one.id and any(forms_of(one))]


def forms_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def placeholders(text: str) -> set[tuple[str, ...]]:
    return set(NAMED.findall(text)) | {(name,) for name in BRACES.findall(text)}


def outer_space(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


class Tags(HTMLParser):
    """Counts the tags of a text, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[f"<{tag} {sorted(attrs)}>"] += 1

    def handle_endtag(self, tag: str) -> None:
        self.found[f"</{tag}>"] += 1


def problems_of(message: Message, language: str) -> list[str]:
    """What is wrong with a translation."""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    wanted = placeholders(ids[-1])
    known = wanted | placeholders(ids[0])
    wrong = ["it is a guess (fuzzy)"] if message.fuzzy else []
    if not all(forms_of(message)):
        return [*wrong, "some plural forms are empty"]
    for number, text in enumerate(forms_of(message)):
        has = placeholders(text)
        if len(ids) > 1 and number in EXACT[language]:
            has |= wanted
        if not wanted <= has <= known:
            wrong.append(f"its placeholders differ: {sorted(has ^ wanted)}")
        if Tags(text).found != Tags(ids[-1]).found:
            wrong.append("its HTML differs")
        if outer_space(text) != outer_space(ids[0]):
            wrong.append("it begins or ends with other white space")
    return wrong


def test_every_language_of_pages_has_a_catalogue() -> None:
    """Prevents a language that is offered and shows English."""
    offered = {code for code, _ in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    assert set(LANGUAGES) == offered


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_exactly_the_texts_of_the_code(language: str) -> None:
    """Prevents new texts that translators never see. `make messages` updates the catalogues."""
    there = {key_of(message) for message in catalogue(language) if message.id}
    assert sorted(map(str, code() - there)) == []
    assert sorted(map(str, there - code())) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_whole(language: str) -> None:
    """Prevents a page that fails, loses a number or a link, or is English for some numbers."""
    wrong = {
        message.id: problems
        for message in translated(language)
        if (problems := problems_of(message, language))
    }
    assert not wrong, "\n".join(f"{text!r}: {problems}" for text, problems in wrong.items())


def test_the_guard_finds_broken_translations() -> None:
    """Prevents a guard that overlooks what it is for."""
    few = ("%(n)d reply", "%(n)d replies")
    for broken, language in [
        (Message("Hello %(name)s", "Hola"), "es"),
        (Message("Hello %(name)s", "Hola %(name)d"), "es"),
        (Message("Wait {wait} seconds", "Espere {segundos} segundos"), "es"),
        (Message('See <a href="/">home</a>.', "Vea inicio."), "es"),
        (Message("Hello", "Hola\n"), "es"),
        (Message("Hello", "Hola", flags=["fuzzy"]), "es"),
        (Message(few, ("respuesta", "")), "es"),
        (Message(few, ("una respuesta", "respuestas")), "es"),
        (Message(few, ("a", "b", "c", "%(n)d d", "%(n)d e", "f")), "ar"),
    ]:
        assert problems_of(broken, language), broken
    assert problems_of(Message(few, ("una respuesta", "%(n)d respuestas")), "es") == []


def test_formats_of_languages_are_complete_and_as_in_cldr() -> None:
    """Prevents a date in English order, and separators that readers take for the opposite ones."""
    names = [{name for name in vars(one) if name.isupper()} for one in (english, spanish, arabic)]
    assert names[0] == names[1] == names[2]
    for language, one in (("en", english), ("es", spanish), ("ar", arabic)):
        signs = Locale.parse(language).number_symbols["latn"]
        assert (
            signs["decimal"].strip("\u200e\u200f"),
            signs["group"],
        ) == (one.DECIMAL_SEPARATOR, one.THOUSAND_SEPARATOR)


def test_style_sheets_name_no_left_and_no_right() -> None:
    """Prevents a page that stays left-to-right where people read from right to left."""
    sheets = [
        path
        for package in ("codesign", "annotations", "modelhub")
        for path in (ROOT / package).rglob("*.css")
    ]
    assert len(sheets) >= 3
    found = {
        f"{path.name}:{number}: {line.strip()}"
        for path in sheets
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if PHYSICAL.search(line)
    }
    assert found == set()
    for declaration in ("  margin-left: 1rem;", "{ left: 0 }", "text-align: right"):
        assert PHYSICAL.search(declaration)
