"""Near-duplicates among short texts, which three-word shingles cannot tell.

One changed word of 20 leaves 15 of 21 shingles, which is less than 0.8. So two texts of at most
40 words are tied where they differ by no more than this:

* nothing but spaces, punctuation, accents or the order of their words;
* one word changed, added or left out, where both have 8 words or more;
* one letter changed, added, left out, or swapped with its neighbour, where both have fewer than 8
  words: “What is anxiety?” and “What is depression?” are two questions.

Texts that differ by one word or letter have the first half or the second half in common, by which
they are found (`minhash`); the others have the same letters in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_WORDS = 40
"""One more word, and one changed word leaves 0.8 of the shingles or more, wherever it stands."""
BY_WORDS = 8
"""Words from which on one word more or less makes no other question."""
Units = tuple[bytes, ...] | str
"""What a text is compared by: its words, or its letters where it has fewer than 8 words."""


@dataclass(frozen=True, slots=True)
class Short:
    """A text of 1 to 40 words."""

    words: tuple[bytes, ...]
    letters: str

    @property
    def units(self) -> Units:
        """Its words or letters, see `Units`."""
        return self.words if len(self.words) >= BY_WORDS else self.letters


def short(words: Sequence[bytes]) -> Short | None:
    """These words as a short text; None where they are none or too many."""
    if not 0 < len(words) <= MOST_WORDS:
        return None
    return Short(tuple(words), b"".join(words).decode())


def alike(first: Short, second: Short) -> bool:
    """Whether two short texts are tied: the rule above, for one pair."""
    if first.letters == second.letters or sorted(first.words) == sorted(second.words):
        return True
    one, other = first.units, second.units
    if type(one) is not type(other):
        return False
    if isinstance(one, str) and isinstance(other, str) and other in _swapped(one):
        return True
    return _one_apart(*sorted((one, other), key=len))


def _one_apart(less: Units, more: Units) -> bool:
    """Whether one unit changed or added makes the one of the other; `less` is not longer."""
    if len(more) - len(less) > 1:
        return False
    for place, unit in enumerate(less):
        if unit != more[place]:
            behind = place + (len(less) == len(more))
            return less[behind:] == more[place + 1 :]
    return len(less) != len(more)


def _swapped(text: str) -> Iterator[str]:
    """The text with two neighbouring letters swapped, for each two."""
    for at in range(len(text) - 1):
        yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def joined_by_letters(texts: Sequence[Short]) -> Iterator[tuple[int, int]]:
    """Places to join among texts with the same letters in any order; time linear in the texts."""
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
    """Places to join among texts with one half in common, the back half or the front half.

    Takes one unit out of each text, place by place, and looks for the same rest: time and memory
    are linear in the texts, also for 20,000 prompts of one template.
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
