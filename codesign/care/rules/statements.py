"""Finds explicit statements that somebody wants to die or to hurt themselves, in what they write.

A match shows help and keeps the text private to its author; it has no other effect. So negations
and quotations match too: showing help does no harm. The phrases in `statements.json` are few and
explicit. Every text is searched in all languages, because people switch between them.

A phrase is a list of words: `a|b` matches either word, `a?` is optional, a word in capitals is any
word of that set, `SET*` is up to three words of the set, `^` and `$` are the start and the end of a
sentence.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from codesign.care.rules.folding import Folding

Sets = Mapping[str, Sequence[str]]

PHRASES = Path(__file__).resolve().parent / "statements.json"
SHORTEST = 5
"""Characters of the shortest phrase."""
MOST_FILL = 3
"""Largest number of words that `SET*` matches."""
GAP = "[ .]"
"""Before every word: a space or the end of a sentence, as in “I want. to die.”."""
_LETTERS: dict[str, str | None] = {
    "\u0640": None,  # the stroke that lengthens Arabic letters
    **dict.fromkeys("\u0622\u0623\u0625\u0671", "\u0627"),
    "\u0649": "\u064a",
    "\u0629": "\u0647",
    "\u0624": "\u0648",
    "\u0626": "\u064a",
    "\u00b4": None,  # typed as apostrophes
    "\uff07": None,
    **dict.fromkeys(".!?;:\n\r\u2026\u061f\u061b\u00a1\u00bf\u3002", "."),  # ends of sentences
}


_FOLDED = Folding(_LETTERS)
_WORD = re.compile(rf"{GAP}(\w+)")
_AGAIN = re.compile(r"(\w)\1+")
_NO_WORD = re.compile(r"[^\w.]+|_+")
_ENDS = re.compile(r" *\.[ .]*")


def says_so(text: str) -> bool:
    """Return whether a text contains one of the phrases, in any language and spelling."""
    if len(text) < SHORTEST:
        return False
    plain, by_first_word = _plain(text), _by_first_word()
    return any(
        (phrases := by_first_word.get(word[1])) and phrases.match(plain, word.start())
        for word in _WORD.finditer(plain)
    )


def _plain(text: str) -> str:
    """Return lower case without marks or repeated letters, with a space or `.` around each word.

    So capitals, apostrophes, accents, full-width letters, “dieee” and “kil” make no difference.
    """
    apart = unicodedata.normalize("NFKD", text.translate(_FOLDED)).translate(_FOLDED)
    words = _AGAIN.sub(r"\1", _NO_WORD.sub(" ", apart.casefold()))
    return _ENDS.sub(".", f".{words}.")


@cache
def _by_first_word() -> dict[str, re.Pattern[str]]:
    """Return first word → the phrases that begin with it, compiled as one expression."""
    by_first_word: dict[str, list[str]] = defaultdict(list)
    for language in json.loads(PHRASES.read_text(encoding="utf-8")).values():
        for phrase in language["phrases"]:
            words = phrase.split()
            pattern = _phrase(language["sets"], words)
            for first in _first_words(language["sets"], words[words[0] == "^" :]):
                by_first_word[first].append(pattern)
    return {word: re.compile("|".join(phrases)) for word, phrases in by_first_word.items()}


def _first_words(sets: Sets, words: list[str]) -> set[str]:
    """Return the words that can begin a phrase, including the next one if a word is optional."""
    firsts = {_plain(choice).strip(" .").split(" ")[0] for choice in _choices(sets, words[0])}
    return firsts | _first_words(sets, words[1:]) if words[0][-1] in "*?" else firsts


def _phrase(sets: Sets, words: list[str]) -> str:
    """Return a regular expression; each word includes the gap before it."""
    starts = words[0] == "^"
    pattern = "".join(_word(sets, word) for word in words[starts:])
    return (r"(?=\.)" if starts else "") + pattern + f"(?={GAP})"


def _choices(sets: Sets, word: str) -> list[str]:
    names = word.rstrip("*?").split("|")
    return [choice for name in names for choice in sets.get(name, [name])]


def _word(sets: Sets, word: str) -> str:
    either = "|".join(map(_choice, _choices(sets, word)))
    if word.endswith("*"):
        return f"(?:{either}){{0,{MOST_FILL}}}"
    return f"(?:{either})" + ("?" if word.endswith("?") else "")


def _choice(words: str) -> str:
    if words == "$":
        return r"(?=\.)"
    return "".join(GAP + re.escape(_plain(word).strip(" .")) for word in words.split())
