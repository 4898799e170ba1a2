"""Near-duplicates among short texts, for which three-word shingles do not work.

One changed word of 20 leaves 15 of 21 shingles, which is less than 0.8. So two texts of at most
40 words belong together if they differ only by:

* spaces, punctuation, accents or the order of their words;
* one word changed, added or left out, if both have 8 words or more;
* one letter changed, added, left out, or swapped with its neighbour, if both have fewer than 8
  words: “What is anxiety?” and “What is depression?” are two questions.

Texts that differ by one word or letter share their first or second half, by which `minhash` finds
them. The others have the same letters in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_WORDS = 40
"""With more words, one changed word at any place leaves at least 0.8 of the shingles."""
BY_WORDS = 8
"""From this number of words, one word more or less does not make another question."""
Units = tuple[bytes, ...] | str
"""What texts are compared by: words, or letters if a text has fewer than 8 words."""


@dataclass(frozen=True, slots=True)
class Short:
    """A text of 1 to 40 words."""

    words: tuple[bytes, ...]
    letters: str

    @property
    def units(self) -> Units:
        """Return the words or letters, see `Units`."""
        return self.words if len(self.words) >= BY_WORDS else self.letters


def short(words: Sequence[bytes]) -> Short | None:
    """Return a short text of these words; None if there are no words or too many."""
    if not 0 < len(words) <= MOST_WORDS:
        return None
    return Short(tuple(words), b"".join(words).decode())


def alike(first: Short, second: Short) -> bool:
    """Return whether two short texts are near-duplicates by the rule above."""
    if first.letters == second.letters or sorted(first.words) == sorted(second.words):
        return True
    one, other = first.units, second.units
    if type(one) is not type(other):
        return False
    if isinstance(one, str) and isinstance(other, str) and other in _swapped(one):
        return True
    return _one_apart(*sorted((one, other), key=len))


def _one_apart(less: Units, more: Units) -> bool:
    """Return whether the texts differ by one changed or added unit; `less` is not longer."""
    if len(more) - len(less) > 1:
        return False
    for place, unit in enumerate(less):
        if unit != more[place]:
            behind = place + (len(less) == len(more))
            return less[behind:] == more[place + 1 :]
    return len(less) != len(more)


def _swapped(text: str) -> Iterator[str]:
    """Yield the text with each pair of neighbouring letters swapped."""
    for at in range(len(text) - 1):
        yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def joined_by_letters(texts: Sequence[Short]) -> Iterator[tuple[int, int]]:
    """Yield places to join among texts with the same letters in any order, in linear time."""
    by_letters: dict[str, int] = {}
    by_words: dict[tuple[bytes, ...], int] = {}
    for place, text in enumerate(texts):
        yield by_letters.setdefault(text.letters, place), place
        yield by_words.setdefault(tuple(sorted(text.words)), place), place
    for letters, place in by_letters.items():
        if len(texts[place].words) < BY_WORDS:
            for other in (by_letters.get(swapped) for swapped in _swapped(letters)):
                if other is not None and len(texts[other].words) < BY_WORDS:
                    yield other, place


def joined_by_half(texts: Sequence[Units], *, back: bool) -> Iterator[tuple[int, int]]:
    """Yield places to join among texts that share their back half or front half.

    Removes one unit of each text, position by position, and looks for equal remainders. Time and
    memory are linear in the number of texts, even for 20,000 prompts of one template.
    """
    units = [text[::-1] for text in texts] if back else list(texts)
    whole = {text: place for place, text in enumerate(units)}
    for at in range(min(map(len, units)) // 2, max(map(len, units))):
        rests: dict[Units, int] = {}
        for place, text in enumerate(units):
            if at < len(text):
                rest = text[:at] + text[at + 1 :]  # type: ignore[operator]
                yield rests.setdefault(rest, place), place
                if (other := whole.get(rest)) is not None:
                    yield other, place
