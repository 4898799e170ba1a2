"""Hints on the wording of texts that coordinators write for panelists (standards 4.12).

The table in `wording.json` holds phrases that blame, label people, or describe a method, with a
better wording and a source. It is our own table: short, and searched in all languages, because
people switch between them. Spanish and Arabic were written by the developers; native speakers must
review them. A hint never blocks a text, since a phrase may be right in its place.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

TABLE = Path(__file__).resolve().parent / "wording.json"
MOST_HINTS = 20
"""More hints on one form would not be read."""
WHY: dict[str, StrPromise] = {
    "suicide": _("These words can blame, or make suicide sound like a crime or a success."),
    "people": _("Name the person first, not the condition."),
    "method": _("Details of a method can put people at risk."),
}
"""What a phrase is about → why another wording is better."""
SOURCES: dict[str, tuple[str, str]] = {
    "who": (
        "WHO, IASP 2023: Preventing suicide, a resource for media professionals",
        "https://www.who.int/publications/i/item/9789240076846",
    ),
    "apa": (
        "APA Style, bias-free language: disability",
        "https://apastyle.apa.org/style-grammar-guidelines/bias-free-language/disability",
    ),
    "nida": (
        "NIDA: Words Matter",
        "https://nida.nih.gov/nidamed-medical-health-professionals/health-professions-education/"
        "words-matter-terms-to-use-avoid-when-talking-about-addiction",
    ),
}
"""Key → (title, address). Titles are names and stay in English."""
_ARABIC_MARKS = re.compile("[\u064b-\u0652\u0670\u0640]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Hint:
    """A phrase in a text, a better one, why, and where that is said."""

    phrase: str
    better: str
    language: str
    why: StrPromise
    source: str
    source_url: str


def hints_on(texts: Iterable[str]) -> list[Hint]:
    """Return a hint for each different phrase in these texts, in the order of the texts."""
    hints: dict[str, Hint] = {}
    for text in texts:
        for hint in _hints_in(_plain(text)):
            hints.setdefault(hint.phrase.casefold(), hint)
            if len(hints) == MOST_HINTS:
                return list(hints.values())
    return list(hints.values())


def _hints_in(text: str) -> Iterator[Hint]:
    matches = [(match, row) for pattern, row in _table() for match in pattern.finditer(text)]
    for match, row in sorted(matches, key=lambda pair: pair[0].start()):
        source, address = SOURCES[row["source"]]
        yield Hint(
            phrase=match[0],
            better=row["better"],
            language=row["language"],
            why=WHY[row["about"]],
            source=source,
            source_url=address,
        )


def _plain(text: str) -> str:
    """Return the text with one space between words, and without Arabic vowel signs."""
    return _SPACES.sub(" ", _ARABIC_MARKS.sub("", unicodedata.normalize("NFC", text)))


@cache
def _table() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    return [(re.compile(rf"(?<!\w)(?:{row['words']})(?!\w)", re.IGNORECASE), row) for row in rows]
