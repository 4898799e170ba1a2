"""Find the words of a person in a text: the places of a passage that somebody typed or copied."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from codesign.shared import markdown
from codesign.shared.visible import seen

MOST_PLACES = 20
"""Places that are offered, if words occur more than once."""
MOST_WORDS = 2_000
"""Characters that are looked for. People who copy more can mark it with the buttons."""
MOST_MARKS = 32
"""Combining characters of one letter. Composing takes as long as their number squared."""
Place = tuple[int, int]
"""Start and end in code points of the source. The end is not included."""
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})
"""Characters that keyboards replace."""


def places_of(words: str, text: str) -> list[Place]:
    """Return the places of the words, in order, in the source of a text and in its shown Markdown.

    Capitals, kinds of quotation marks, spaces and the composition of letters make no difference.
    A letter is only found together with its combining marks. Words that are longer than MOST_WORDS
    are found nowhere.
    """
    wanted = "".join(letter for letter, _start, _end in _searched(enumerate(words))).strip()
    if not wanted or len(words) > MOST_WORDS:
        return []
    found: set[Place] = set()
    for characters in (enumerate(text), _shown(text)):
        found.update(islice(_places_in(list(_searched(characters)), wanted), MOST_PLACES))
    return sorted(found)[:MOST_PLACES]


def _places_in(letters: list[tuple[str, int, int]], wanted: str) -> Iterator[Place]:
    searched = "".join(letter for letter, _start, _end in letters)
    begin = searched.find(wanted)
    while begin >= 0:
        end = begin + len(wanted)
        if not (_splits_letter(letters, begin) or _splits_letter(letters, end)):
            yield letters[begin][1], letters[end - 1][2]
        begin = searched.find(wanted, end)


def _splits_letter(letters: list[tuple[str, int, int]], at: int) -> bool:
    """Return whether a place is within a letter with combining marks."""
    return 0 < at < len(letters) and letters[at - 1][1:] == letters[at][1:]


def _searched(characters: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int, int]]:
    """Yield letters without capitals, and one space for several."""
    space = True
    for letter, start, end in _letters(characters):
        if not letter.isspace():
            small = letter.lower()
            yield (small if len(small) == 1 else letter), start, end
        elif not space:
            yield " ", start, end
        space = letter.isspace()


def _shown(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, character) of what readers see, with a space for each new line or block."""
    end = 0
    for run in markdown.runs(text):
        if "\n" in text[end : run.start]:
            yield end, " "
        yield from enumerate(run.text, start=run.start)
        end = run.end


def _letters(characters: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int, int]]:
    """Yield (character, start, end of its letter), composed where Unicode can."""
    letter: list[tuple[int, str]] = []
    for place, character in characters:
        if letter and (not unicodedata.combining(character) or len(letter) > MOST_MARKS):
            yield from _composed(letter)
            letter = []
        letter.append((place, character))
    if letter:
        yield from _composed(letter)


def _composed(letter: list[tuple[int, str]]) -> Iterator[tuple[str, int, int]]:
    whole = unicodedata.normalize("NFC", "".join(character for _place, character in letter))
    start, end = letter[0][0], letter[-1][0] + 1
    for character in whole.translate(_SAME):
        yield character, start, end


def words_at(place: Place, text: str) -> str:
    """Return the words of a passage as readers see them, without the marks of Markdown."""
    start, end = place
    offsets, characters = _shown_at_once(text)
    words = characters[bisect_left(offsets, start) : bisect_left(offsets, end)]
    return seen(words) or text[start:end]


@lru_cache(maxsize=8)
def _shown_at_once(text: str) -> tuple[list[int], str]:
    """Return what readers see, and the offset of each character. A page reads a text many times."""
    shown = list(_shown(text))
    return [at for at, _character in shown], "".join(character for _at, character in shown)


def context_of(place: Place, text: str, *, around: int = 30) -> tuple[str, str, str]:
    """Return the words before a passage, the passage, and the words after it."""
    start, end = place
    return text[max(0, start - around) : start], text[start:end], text[end : end + around]
