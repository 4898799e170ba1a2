"""Find the words of a person in a text: the places of a passage that somebody typed or copied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from codesign.shared import markdown
from codesign.shared.visible import seen

MOST_PLACES = 20
"""Places that are offered, if words occur more than once."""
Place = tuple[int, int]
"""Start and end in code points of the source. The end is not included."""
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})
"""Characters that keyboards replace."""


def places_of(words: str, text: str) -> list[Place]:
    """Return where the words are in a text, in order, as it is typed and as its Markdown is shown.

    Capitals, kinds of quotation marks, spaces and the composition of letters make no difference.
    A letter is only found together with its combining marks.
    """
    wanted = "".join(folded for folded, _start, _end in _letters(enumerate(words)))
    parts = wanted.split()
    if not parts:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, parts)), re.IGNORECASE)
    found: set[Place] = set()
    for characters in (enumerate(text), _shown(text)):
        letters = list(_letters(characters))
        searched = "".join(folded for folded, _start, _end in letters)
        for match in pattern.finditer(searched):
            start, end = letters[match.start()][1], letters[match.end() - 1][2]
            if not _splits_letter(letters, match):
                found.add((start, end))
    return sorted(found)[:MOST_PLACES]


def _splits_letter(letters: list[tuple[str, int, int]], match: re.Match[str]) -> bool:
    """Return whether a match begins or ends within a letter with combining marks."""
    before = match.start() and letters[match.start() - 1][1:] == letters[match.start()][1:]
    after = letters[match.end() :][:1]
    return bool(before or (after and after[0][1:] == letters[match.end() - 1][1:]))


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
        if letter and not unicodedata.combining(character):
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
    words = "".join(character for at, character in _shown(text) if start <= at < end)
    return seen(words) or text[start:end]


def context_of(place: Place, text: str, *, around: int = 30) -> tuple[str, str, str]:
    """Return the words before a passage, the passage, and the words after it."""
    start, end = place
    return text[max(0, start - around) : start], text[start:end], text[end : end + around]
