"""Tells whether a table is written in Windows-1252, as Excel writes “CSV” in Western Europe.

A code page cannot be read from the bytes, only told from the words that it makes of them. Of short
texts, a general detector names the wrong page for a third of the files in Spanish, French and
German, and mistakes are hard to see: “mañana” becomes “mańana” (decision 40). So one page alone is
considered, and only for a text whose letters are all of one language that is written in it.
"""

from __future__ import annotations

import re
from collections import Counter

WESTERN = "cp1252"
_ALPHABETS = (
    "áéíóúüñ",  # Spanish
    "àâæçéèêëîïôùûüœ",  # French
    "äöüß",  # German
    "áâãàçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "áéëèïíóöü",  # Dutch
    "àçèéíïòóúü",  # Catalan
    "åäöé",  # Swedish, Finnish
    "æøåéó",  # Danish, Norwegian
)
"""Letters beyond ASCII of languages that are written in Windows-1252."""
_LETTERS = frozenset("".join(_ALPHABETS))
_SIGNS = frozenset("‘’“”„‚–—…¡¿«»•°€£§©®\xa0ªº·´")
_LEAST_SHARE = 0.97
"""Least share of the letters beyond ASCII that are of one language. The rest are of names."""
_BEYOND = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE = re.compile(r"[^\W\d_][–—„‚“¿¡«»•°§©®€£´·…][^\W\d_]|œ(?![uic])")
"""Signs inside of words, and a ligature at odd places, where other code pages have letters."""
_SHORT = 3
"""Letters of words that may consist of letters beyond ASCII, such as “été”."""


def is_western(text: str) -> bool:
    """Return whether a text that was decoded as Windows-1252 reads as one language of it."""
    beyond = Counter("".join(_BEYOND.findall(text)).lower())
    letters = Counter({sign: count for sign, count in beyond.items() if sign in _LETTERS})
    if beyond.keys() - _LETTERS - _SIGNS or _INSIDE.search(text):
        return False
    of_one = max(sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS)
    if of_one < _LEAST_SHARE * letters.total():
        return False
    return all(map(_may_be, {word for word in set(_WORD.findall(text)) if not word.isascii()}))


def _may_be(word: str) -> bool:
    """Return whether a word may be of such a language: not mostly accents, nor capitals inside."""
    accents = sum(not letter.isascii() for letter in word)
    if len(word) > _SHORT and 2 * accents > len(word):
        return False
    return word.isupper() or not any(one.isupper() and not one.isascii() for one in word[1:])


def accented(text: str, most: int) -> list[str]:
    """Return the first words of a text with letters beyond ASCII, by which one can check it."""
    return [word for word in _WORD.findall(text) if not word.isascii()][:most]
