"""Reads the tables, one text file for each language, which people who do not program can check.

A line that is not indented begins a section, and indented lines are its content; `#` begins a
comment.

    set WANT              words, for use in phrases
    concern, imminent     phrases of a group; `rises` after it: see `phrases.Group`
    harmless              phrases that cancel a match whose main word they cover: "die laughing"
    frames                phrases that cancel a match that follows them: "the reply says"
    soon, past            phrases that make a match imminent, or no longer imminent
    others                words that a gap cannot hold
    turns                 words after which a frame no longer counts: "but"
    common                the commonest words
    keys, joined, sounds, slips, real    spelling: see `spelling.Speller`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from codesign.care.rules.disclosure.phrases import Group, Language, Urgency

FOLDER = Path(__file__).resolve().parent / "tables"
OF_PHRASES = ("harmless", "frames", "soon", "past")
OF_WORDS = ("others", "turns", "common", "keys", "joined", "sounds", "slips", "real")


def language_codes() -> list[str]:
    """Return the codes of the languages that have a table."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def read_table(code: str) -> Language:
    """Return the table of a language.

    Raises `ValueError` for a section of an unknown name, and `FileNotFoundError` without a table.
    """
    sets: dict[str, list[str]] = {}
    groups: list[Group] = []
    lists: dict[str, list[str]] = defaultdict(list)
    for heading, content in _sections((FOLDER / f"{code}.txt").read_text(encoding="utf-8")):
        kind, *rest = heading.split()
        if kind == "set":
            sets[rest[0]] = _words(content)
        elif kind in [*Urgency]:
            groups.append(Group(Urgency(kind), rest == ["rises"], tuple(content)))
        elif kind in OF_PHRASES:
            lists[kind] += content
        elif kind in OF_WORDS:
            lists[kind] += _words(content)
        else:
            raise ValueError(f"{code}.txt: unknown section “{heading}”")
    return Language(code, sets, tuple(groups), lists)


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (heading, lines without comments)."""
    heading, content = "", list[str]()
    for line in text.splitlines():
        bare = line.partition("  # ")[0].strip()
        if not bare or bare.startswith("# "):
            continue
        if line[0] == " ":
            content.append(bare)
        else:
            if heading:
                yield heading, content
            heading, content = bare, []
    yield heading, content


def _words(lines: list[str]) -> list[str]:
    return [word for line in lines for word in line.split()]
