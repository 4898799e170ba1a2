"""Explicit statements that somebody wants to die or to hurt themselves, found in what they write.

A hit shows help and keeps the text with its author; it decides nothing else. So a negation or a
quotation counts too: help never harms. The phrases, few and clear for each language, stand in
`statements.json`; every language is looked for in every text, since people change between them.

A phrase is words between blanks: `a|b` is either word, `a?` may be missing, a word in capitals is
one of that set, `SET*` is up to three of it, `^` and `$` are the start and the end of a sentence.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

Sets = Mapping[str, Sequence[str]]

PHRASES = Path(__file__).resolve().parent / "statements.json"
MOST_KEPT = 0x3000
"""Characters below this are remembered; letters of the file's languages are."""
SHORTEST = 5
"""Characters: no phrase is shorter."""
MOST_FILL = 3
"""Words of a `SET*` in a row."""
GAP = "[ .]"
"""Before every word: a blank, or the end of a sentence, as in “I want. to die.”."""
_SENTENCE_ENDS = ".!?;:\n\r\u2026\u061f\u061b\u00a1\u00bf\u3002"
_APOSTROPHES = "'\u2019\u2018\u02bc\u00b4`\u2032\uff07"
_LETTERS: dict[str, str | None] = {
    "\u0640": None,  # the stroke that lengthens Arabic letters
    **dict.fromkeys("\u0622\u0623\u0625\u0671", "\u0627"),
    "\u0649": "\u064a",
    "\u0629": "\u0647",
    "\u0624": "\u0648",
    "\u0626": "\u064a",
}


class _Folded(dict[int, str | None]):
    """What each character becomes; worked out when it first occurs."""

    def __missing__(self, code: int) -> str | None:
        one = chr(code)
        folded: str | None = _LETTERS.get(one, one)
        if one in _SENTENCE_ENDS:
            folded = "."
        elif one in _APOSTROPHES or unicodedata.category(one) in ("Mn", "Me", "Cf"):
            folded = None
        if code < MOST_KEPT:
            self[code] = folded
        return folded


_FOLDED = _Folded()
_WORD = re.compile(rf"{GAP}(\w+)")
_AGAIN = re.compile(r"(\w)\1+")
_NO_WORD = re.compile(r"[^\w.]+|_+")
_ENDS = re.compile(r" *\.[ .]*")


def says_so(text: str) -> bool:
    """Whether a text holds one of the phrases, however it is spelt, in any of the languages."""
    if len(text) < SHORTEST:
        return False
    plain, by_first_word = _plain(text), _by_first_word()
    return any(
        pattern.match(plain, found.start())
        for found in _WORD.finditer(plain)
        for pattern in by_first_word.get(found[1], ())
    )


def _plain(text: str) -> str:
    """Small letters without marks, none twice in a row; a blank or `.` before and after each word.

    So capitals, apostrophes, accents, wide letters, “dieee” and “kil” make no difference.
    """
    apart = unicodedata.normalize("NFKD", text.translate(_FOLDED)).translate(_FOLDED)
    words = _AGAIN.sub(r"\1", _NO_WORD.sub(" ", apart.casefold()))
    return _ENDS.sub(".", f".{words}.")


@cache
def _by_first_word() -> dict[str, list[re.Pattern[str]]]:
    """First word → the phrases that begin with it; compiled when the first text is looked at."""
    found: dict[str, list[re.Pattern[str]]] = defaultdict(list)
    for said in json.loads(PHRASES.read_text(encoding="utf-8")).values():
        for phrase in said["phrases"]:
            words = phrase.split()
            pattern = re.compile(_phrase(said["sets"], words))
            for first in _first_words(said["sets"], words[words[0] == "^" :]):
                found[first].append(pattern)
    return dict(found)


def _first_words(sets: Sets, words: list[str]) -> set[str]:
    """The words with which a phrase can begin: also the next one's where one may be missing."""
    found = {_plain(said).strip(" .").split(" ")[0] for said in _choices(sets, words[0])}
    return found | _first_words(sets, words[1:]) if words[0][-1] in "*?" else found


def _phrase(sets: Sets, words: list[str]) -> str:
    """A regular expression; each word comes with the gap before it."""
    starts = words[0] == "^"
    found = "".join(_word(sets, word) for word in words[starts:])
    return (r"(?=\.)" if starts else "") + found + f"(?={GAP})"


def _choices(sets: Sets, word: str) -> list[str]:
    names = word.rstrip("*?").split("|")
    return [said for name in names for said in sets.get(name, [name])]


def _word(sets: Sets, word: str) -> str:
    either = "|".join(map(_choice, _choices(sets, word)))
    if word.endswith("*"):
        return f"(?:{either}){{0,{MOST_FILL}}}"
    return f"(?:{either})" + ("?" if word.endswith("?") else "")


def _choice(words: str) -> str:
    if words == "$":
        return r"(?=\.)"
    return "".join(GAP + re.escape(_plain(word).strip(" .")) for word in words.split())
