"""A pseudo-locale: English with accents, a third longer, each text in brackets.

On its pages, a text without brackets is one that nobody can translate, and what is too narrow for a
longer language is cut. It takes the place of English, so that everything else is as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import allauth
import django
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.support.messages import extracted

OPEN, CLOSE = "⟦", "⟧"
LONGER = 0.35
ACCENTED = str.maketrans("AEIOUYaceinouy", "ÄËÏÖÜÝáçéîñöúý")
KEPT = re.compile(r"(%\([a-z_]+\)[a-z]|%%|\{[a-z_]*\}|<[^>]*>|&[a-z]+;|https?://\S+)")
"""What is no text: placeholders, tags, entities, addresses."""
LIBRARIES = (
    Path(django.__file__).parent / "conf/locale/es",
    Path(django.__file__).parent / "contrib/auth/locale/es",
    Path(django.__file__).parent / "contrib/humanize/locale/es",
    Path(allauth.__file__).parent / "locale/es",
)


def pseudo(text: str) -> str:
    """Return the text as the pseudo-locale has it."""
    parts = KEPT.split(text)
    shown = "".join(p if KEPT.fullmatch(p) else p.translate(ACCENTED) for p in parts)
    words = shown.strip()
    longer = words + " " + "~" * max(1, round(LONGER * len(words)))
    return shown.replace(words, f"{OPEN}{longer}{CLOSE}", 1) if words else shown


@cache
def _catalogue() -> Catalog:
    """Return pseudo-translations of our texts, and of those that libraries translate."""
    made = Catalog(locale="en")
    for message in [*_of_libraries(), *extracted()]:
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        text = tuple(map(pseudo, ids))
        made.add(message.id, text[0] if len(text) == 1 else text, context=message.context)
    return made


def _of_libraries() -> Iterable[Message]:
    for folder in LIBRARIES:
        with (folder / "LC_MESSAGES/django.po").open("rb") as file:
            yield from read_po(file, locale="es")


def write_pseudo_locale(folder: Path) -> Path:
    """Write the pseudo-locale as English into a folder for LOCALE_PATHS, and return the folder."""
    made = folder / "en" / "LC_MESSAGES"
    made.mkdir(parents=True)
    with (made / "django.mo").open("wb") as file:
        write_mo(file, _catalogue())
    return folder
