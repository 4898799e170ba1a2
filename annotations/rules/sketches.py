"""A few numbers for each prompt, by which those that must stay together find each other.

Two prompts are tied where a model that learned from one could be said to have seen the other: the
same text, nearly the same (Jaccard similarity of their three-word shingles at least 0.8), or one
conversation. Family and identical responses tie prompts too; that is decided where both are known.

Conversations are told by their numbers alone. Near-duplicates are found by MinHash: two that share
a band may be near, which the texts then decide. Whole batches are worked out at once, since
100,000 prompts at a time come in.
"""

from __future__ import annotations

import functools
import hashlib
import re
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from annotations.rules.prompts import BEHIND_ROLE, Message, normalised

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

NEAR = 0.8
SHINGLE_WORDS = 3
BANDS, ROWS_PER_BAND = 25, 5
"""A pair at 0.8 shares one of 25 bands of 5 with probability 0.9999, one at 0.3 with 0.06."""
DEPTH = 8
SEED = 1
_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
Shingles = frozenset[tuple[bytes, ...]]


def shingles(messages: Sequence[Message]) -> Shingles:
    """Every run of three words of what was said; all words where there are fewer."""
    words = _words(normalised(" ".join(m["content"] for m in messages)))
    if len(words) <= SHINGLE_WORDS:
        return frozenset({tuple(words)})
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(first: Shingles, second: Shingles) -> float:
    """Shared part of two sets, 0 to 1."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


def near(first: Shingles, second: Shingles) -> bool:
    """Whether two prompts say almost the same; told by size alone where that is enough."""
    small, large = sorted((len(first), len(second)))
    return small >= NEAR * large and jaccard(first, second) >= NEAR


def order(talks: Sequence[Sequence[str]], *, slot: int) -> Array:
    """Eight more minima of each conversation, others for each slot: near ones begin alike.

    Whoever sorts by them has near ones beside each other where a band alone holds too many.
    """
    import numpy as np

    numbers, starts = _shingle_numbers(talks)
    factors, shifts = _draws(2 * (BANDS * ROWS_PER_BAND + slot * DEPTH), DEPTH)
    drawn = zip(factors, shifts, strict=True)
    minima = [np.minimum.reduceat(numbers * factor + shift, starts) for factor, shift in drawn]
    return np.stack(minima, axis=1)


_find_words = re.compile(r"\w+").findall
_SPACED = bytes(code if _find_words(chr(code)) else ord(" ") for code in range(128)).ljust(256)


def _words(text: str) -> list[bytes]:
    """Every run of letters, digits and underscores; plain English text in a quarter of the time."""
    if text.isascii():
        return text.encode().translate(_SPACED).split()
    return " ".join(_find_words(text)).encode().split()


@functools.cache
def layout() -> np.dtype[Any]:
    """What a sketch holds: opening, first exchange, bands.

    Where there is but one turn, its exchange is its opening.
    """
    import numpy as np

    return np.dtype([("opening", "<u8"), ("exchange", "<u8"), ("bands", "<u4", (BANDS,))])


def sketches(talks: Sequence[Sequence[str]]) -> Array:
    """One row for each conversation, given as its `turns`; the same on every machine."""
    import numpy as np

    made = np.zeros(len(talks), dtype=layout())
    if not talks:
        return made
    made["opening"] = opening = [_short(said[0]) for said in talks]
    made["exchange"] = [
        _short("\x1e".join(said[:2])) if len(said) > 1 else alone
        for said, alone in zip(talks, opening, strict=True)
    ]
    made["bands"] = _bands(talks)
    return made


def _without_roles(said: Sequence[str]) -> str:
    """The words of all turns, none of them running into the next."""
    return " ".join(turn.partition(BEHIND_ROLE)[2] for turn in said)


def _short(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _bands(talks: Sequence[Sequence[str]]) -> Array:
    """MinHash bands of each conversation."""
    import numpy as np

    numbers, starts = _shingle_numbers(talks)
    factors, shifts = _permutations()
    least = np.empty((BANDS, ROWS_PER_BAND, len(talks)), dtype=np.uint64)
    for row, factor, shift in zip(least.reshape(-1, len(talks)), factors, shifts, strict=True):
        row[:] = np.minimum.reduceat(numbers * factor + shift, starts)
    bands = np.zeros((BANDS, len(talks)), dtype=np.uint64)
    for place in range(ROWS_PER_BAND):
        bands = _mixed(bands * np.uint64(_GOLDEN) + least[:, place])
    return (bands.T >> np.uint64(32)).astype(np.uint32)


def _shingle_numbers(talks: Sequence[Sequence[str]]) -> tuple[Array, Array]:
    """A number for every shingle, one list after the other, and where each list begins."""
    import numpy as np

    words: list[int] = []
    ends = np.empty(len(talks), dtype=np.int64)
    for place, said in enumerate(talks):
        needed = len(words) + SHINGLE_WORDS
        words.extend(map(zlib.crc32, _words(_without_roles(said))))
        words.extend([0] * (needed - len(words)))
        ends[place] = len(words)
    flat = np.array(words, dtype=np.uint64)
    runs = _mixed(_mixed(flat[:-2]) * np.uint64(_MIX_1) + flat[1:-1])
    runs = _mixed(runs * np.uint64(_MIX_1) + flat[2:])
    whole = np.ones(len(flat), dtype=bool)
    whole[ends - 1] = whole[ends - 2] = False
    counts = np.diff(ends, prepend=0) - (SHINGLE_WORDS - 1)
    numbers = (runs[whole[:-2]] >> np.uint64(32)).astype(np.uint32)
    return numbers, counts.cumsum() - counts


@functools.cache
def _permutations() -> tuple[Array, Array]:
    """As many orders of the 32-bit numbers as bands have rows."""
    return _draws(0, BANDS * ROWS_PER_BAND)


def _draws(after: int, count: int) -> tuple[Array, Array]:
    """Odd factors and shifts of so many orders of the 32-bit numbers."""
    import numpy as np

    steps = np.arange(after + 1, after + 2 * count + 1, dtype=np.uint64)
    drawn = (_mixed(steps * np.uint64(_GOLDEN) + np.uint64(SEED)) >> np.uint64(32)).astype(
        np.uint32
    )
    factors, shifts = np.split(drawn, 2)
    return factors | np.uint32(1), shifts


def _mixed(numbers: Array) -> Array:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit depends on every other."""
    import numpy as np

    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(_MIX_1)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(_MIX_2)
    return numbers ^ (numbers >> np.uint64(31))
