"""Translations: compiled from the catalogues, with how complete each language is.

Catalogues (`codesign/locale/<language>/LC_MESSAGES/django.po`) are in the repository; compiled ones
(`.mo`) and their status are not. Django loads compiled catalogues only, so each process checks at
its start that they are up to date. `python -m codesign.shared.catalogues` compiles them where the
server must not write, as in a container image.
"""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).resolve().parents[1] / "locale"
SOURCE = "django.po"
COMPILED = "django.mo"
STATUS = "django.json"
_HEADER = re.compile(r'^"([A-Za-z-]+): ([^"\\]*)\\n"$', re.MULTILINE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """How complete the translation into one language is."""

    language: str
    texts: int
    translated: int
    changed_on: date | None
    """Day of the last change by a translator."""
    reviewed_on: date | None
    """Day on which a native speaker had checked all texts; None if nobody has."""


def compile_changed(locale: Path = LOCALE) -> list[str]:
    """Compile the catalogues that changed since they were compiled; return their languages.

    Takes under a second. Where the folder cannot be written, the older compiled catalogue stays.
    """
    compiled = []
    for source in sorted(locale.glob(f"*/LC_MESSAGES/{SOURCE}")):
        language = source.parent.parent.name
        try:
            if _is_older(source.with_name(STATUS), source):
                _compile(source, language)
                compiled.append(language)
        except OSError as error:
            log.warning("the translations into %s cannot be compiled: %s", language, error)
    return compiled


def _is_older(compiled: Path, source: Path) -> bool:
    try:
        return compiled.stat().st_mtime_ns < source.stat().st_mtime_ns
    except FileNotFoundError:
        return True


def _compile(source: Path, language: str) -> None:
    """Write the compiled catalogue, then its status, which marks that both are complete."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    content = source.read_bytes()
    catalogue = read_po(content.splitlines(keepends=True), locale=language)
    texts = [message for message in catalogue if message.id]
    for message in texts:
        if not is_translated(message.string):
            message.string = ""  # left out; with a part of its plural forms it would be kept
    header = dict(_HEADER.findall(content.decode("utf-8").partition("\n\n")[0]))
    status = {
        "language": language,
        "texts": len(texts),
        "translated": sum(bool(message.string) for message in texts),
        "changed_on": header.get("PO-Revision-Date", "")[:10],
        "reviewed_on": header.get("X-Native-Review", "").removeprefix("none"),
    }
    unfinished = source.with_name(f".{os.getpid()}.unfinished")
    with unfinished.open("wb") as file:
        write_mo(file, catalogue)
    unfinished.replace(source.with_name(COMPILED))
    unfinished.write_text(json.dumps(status), encoding="utf-8")
    unfinished.replace(source.with_name(STATUS))


def is_translated(text: str | tuple[str, ...] | list[str] | None) -> bool:
    """Return whether a translation has all its forms. With a part of them, English is shown."""
    return all(text) if isinstance(text, tuple | list) else bool(text)


@cache
def statuses(locale: Path = LOCALE) -> tuple[Status, ...]:
    """Return the status of each language into which texts are translated."""
    paths = sorted(locale.glob(f"*/LC_MESSAGES/{STATUS}"))
    return tuple(_status(json.loads(path.read_text(encoding="utf-8"))) for path in paths)


def _status(read: dict[str, Any]) -> Status:
    return Status(
        language=read["language"],
        texts=read["texts"],
        translated=read["translated"],
        changed_on=_day(read["changed_on"]),
        reviewed_on=_day(read["reviewed_on"]),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


if __name__ == "__main__":
    compile_changed()
