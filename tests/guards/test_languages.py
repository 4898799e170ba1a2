"""Every page in Arabic, in Spanish and in a pseudo-locale (standards 5.4, 5.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel import Locale

from codesign.shared.catalogues import LOCALE
from tests.support.pseudo import CLOSE, OPEN, write_pseudo_locale
from tests.support.world import ROUTES, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {"Codesign", "UTC", "SHA"}
OPTIONS = re.compile(r"Cohort \d+|First( round)?|SmolLM2-135M-Instruct")
"""Names that people gave to what a list offers: no element can mark them there."""
OF_PEOPLE = {"bdi", "bdo", "code", "kbd", "pre", "samp", "textarea", "script", "style"}
"""Elements whose text is from people, programs or files."""
ARABIC = re.compile(r'<html\s(?=[^>]*\blang="ar")[^>]*\bdir="rtl"')
SPOKEN = {"aria-label", "title", "alt", "placeholder"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "source"}


class Untranslated(HTMLParser):
    """Collects the texts of a page that are neither within brackets nor marked as somebody's."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.depth = 0
        self.own: list[bool] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        for name in SPOKEN & set(values):
            self._check(values[name], name)
        if tag == "input" and values.get("type") == "submit":
            self._check(values.get("value", ""), "value")
        own = (
            tag in OF_PEOPLE or values.get("dir") == "auto" or ("lang" in values and tag != "html")
        )
        if tag not in VOID:
            self.own.append(own or any(self.own[-1:]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.own:
            self.own.pop()

    def handle_data(self, data: str) -> None:
        outside = "".join(self._outside(data))
        if not any(self.own[-1:]) and set(WORD.findall(outside)) - NAMES:
            self.found.append(" ".join(data.split()))

    def _check(self, text: str, name: str) -> None:
        if OPEN not in text and set(WORD.findall(text)) - NAMES and not any(self.own[-1:]):
            self.found.append(f"{name}={text}")

    def _outside(self, data: str) -> Iterator[str]:
        for letter in data:
            if letter == OPEN:
                self.depth += 1
            elif letter == CLOSE:
                self.depth -= 1
            elif self.depth == 0:
                yield letter


PEOPLE = ("nobody", "stranger", "panelist", "staff", "site admin")
WITHOUT_PAGES = ("api/", "account/logout")


def pages(world: World) -> Iterator[tuple[str, str, Any]]:
    """Every page that somebody can read: who, route, response."""
    for who in PEOPLE:
        for route in ROUTES:
            if not route.startswith(WITHOUT_PAGES):
                where = world.fill(route)
                answer = world.people[who].get(where)
                if "html" in answer.headers.get("Content-Type", "") and answer.content:
                    yield who, route, answer


def mirrored(page: str) -> bool:
    """Whether a page says that it is in Arabic; parts of a page are asked for by its script."""
    return "<html" not in page or bool(ARABIC.search(page))


def names_in_cldr() -> set[str]:
    """Countries and languages, which Babel names in the language of a page."""
    return {*Locale("en").territories.values(), *Locale("en").languages.values()}


def test_every_page_in_a_pseudo_locale_and_in_arabic(tmp_path: Path, settings: Any) -> None:
    """Prevents English on translated pages, and pages that fail or are not mirrored in Arabic.

    In the pseudo-locale each text is in brackets. A text without them cannot be translated, or it
    is somebody's and is not marked as such, so that its direction is wrong in Arabic.
    """
    world = World()
    settings.LOCALE_PATHS = [write_pseudo_locale(tmp_path)]
    untranslated: dict[str, str] = {}
    status: dict[tuple[str, str], int] = {}
    known = names_in_cldr()
    for who, route, answer in pages(world):
        status[who, route] = answer.status_code
        for text in Untranslated(answer.content.decode()).found:
            if text not in known and not OPTIONS.fullmatch(text):
                untranslated[text] = f"{who} at {route}"
    settings.LOCALE_PATHS = [LOCALE]
    for client in world.people.values():
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ar"
    wrong = [
        (who, route, answer.status_code, status.get((who, route)))
        for who, route, answer in pages(world)
        if not mirrored(answer.content.decode()) or answer.status_code != status.get((who, route))
    ]
    assert sum(code == 200 for code in status.values()) > 130
    assert not untranslated, "\n".join(f"{text!r}: {where}" for text, where in untranslated.items())
    assert wrong == []
