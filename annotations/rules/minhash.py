"""A few numbers for each prompt, by which those that must stay together find each other.

Two prompts are tied where a model that learned from one could be said to have seen the other: the
same text, nearly the same (Jaccard similarity of their three-word shingles at least 0.8, or the
rule of `short_texts`), or one conversation: the same beginning, up to the first turn of the user
that says enough. Greetings do not: “hi” begins half of all conversations. Family and identical
responses tie prompts too; that is decided where both are known.

Beginnings are told by their numbers alone. For near-duplicates the numbers say which may be near,
which the texts then decide: two that share a MinHash band, a half, or all their letters. Whole
batches are worked out at once, since 100,000 prompts at a time come in.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
import zlib
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from annotations.rules.prompts import BEHIND_ROLE, Message, normalised
from annotations.rules.short_texts import BY_WORDS, MOST_WORDS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

NEAR = 0.8
SHINGLE_WORDS = 3
BEGINNING_WORDS = 10
"""Words of a turn of the user from which on a beginning is one conversation's own."""
REPLY_WORDS = 20
"""Words of a response from which on it is no stock phrase; see decision 23 for both."""
LETTERS_OF_A_WORD = 6
"""So many letters count as a word where words are not parted by spaces."""
BANDS, ROWS_PER_BAND = 25, 5
"""A pair at 0.8 shares one of 25 bands of 5 with probability 0.9999, one at 0.3 with 0.06."""
DEPTH = 8
SEED = 1
_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
Shingles = frozenset[tuple[bytes, ...]]


def words_of(messages: Sequence[Message]) -> list[bytes]:
    """Every word that was said, without accents, capitals and punctuation."""
    return _words(normalised(" ".join(m["content"] for m in messages)))


def shingles(words: Sequence[bytes]) -> Shingles:
    """Every run of three words; all words where there are fewer; empty where there is none."""
    if len(words) <= SHINGLE_WORDS:
        return frozenset({tuple(words)} if words else ())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(first: Shingles, second: Shingles) -> float:
    """Shared part of two sets, 0 to 1."""
    shared = len(first & second)
    return shared / ((len(first) + len(second) - shared) or 1)


def near(first: Shingles, second: Shingles) -> bool:
    """Whether two prompts say almost the same; told by size alone where that is enough."""
    small, large = sorted((len(first), len(second)))
    return small >= NEAR * large and jaccard(first, second) >= NEAR


def says_enough(text: str, least: int) -> bool:
    """Whether a text has so many words; six letters count as one where there are no spaces."""
    if text.isascii():
        return len(_words(text)) >= least
    words = _words(normalised(text))
    return max(len(words), len(b"".join(words).decode()) // LETTERS_OF_A_WORD) >= least


def order(talks: Sequence[Sequence[str]], *, slot: int) -> Array:
    """Eight more minima of each conversation, others for each slot: near ones begin alike.

    Whoever sorts by them has near ones beside each other where a band alone holds too many.
    """
    import numpy as np

    numbers, starts = _shingle_numbers(*_flat([_words(_without_roles(said)) for said in talks]))
    factors, shifts = _draws(2 * (BANDS * ROWS_PER_BAND + slot * DEPTH), DEPTH)
    drawn = zip(factors, shifts, strict=True)
    minima = [np.minimum.reduceat(numbers * factor + shift, starts) for factor, shift in drawn]
    return np.stack(minima, axis=1)


_find_words = re.compile(r"\w+").findall
_SPACED = bytes(code if _find_words(chr(code)) else ord(" ") for code in range(128)).ljust(256)


def _words(text: str) -> list[bytes]:
    """Every run of letters, digits and underscores; plain English text in a quarter of the time.

    Accents and vowel signs are left out: many people write without them.
    """
    if text.isascii():
        return text.encode().translate(_SPACED).split()
    parted = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in parted if not unicodedata.combining(sign))
    return " ".join(_find_words(plain)).encode().split()


@functools.cache
def layout() -> np.dtype[Any]:
    """What a sketch holds; 0 where a prompt has no such key."""
    import numpy as np

    halves = [(name, "<u8", (2,)) for name in ("front", "back")]
    return np.dtype([("beginning", "<u8"), ("letters", "<u8"), *halves, ("bands", "<u4", (BANDS,))])


def sketches(talks: Sequence[Sequence[str]]) -> Array:
    """One row for each conversation, given as its `turns`; the same on every machine."""
    import numpy as np

    made = np.zeros(len(talks), dtype=layout())
    if not talks:
        return made
    words = [_words(_without_roles(said)) for said in talks]
    flat, starts = _flat(words)
    made["beginning"] = [_beginning(*both) for both in zip(talks, words, strict=True)]
    made["bands"] = _bands(flat, starts)
    counts = np.array([len(some) for some in words])
    by_words = np.flatnonzero((counts >= BY_WORDS) & (counts <= MOST_WORDS))
    made["front"][by_words], made["back"][by_words] = _halves(flat, starts, counts, by_words)
    brief = np.flatnonzero((counts > 0) & (counts <= MOST_WORDS))
    letters = [b"".join(words[place]) for place in brief.tolist()]
    made["letters"][brief] = _letters(letters)
    few = [n for n, place in enumerate(brief.tolist()) if counts[place] < BY_WORDS]
    if few:
        spelt = [letters[n].decode() for n in few]
        sizes = np.array([len(one) for one in spelt])
        codes = np.frombuffer("".join(spelt).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
        halves = _halves(codes, sizes.cumsum() - sizes, sizes, np.arange(len(spelt)))
        made["front"][brief[few]], made["back"][brief[few]] = halves
    return made


def _beginning(said: Sequence[str], words: Sequence[bytes]) -> int:
    """A number for the turns up to the first one of the user that says enough; 0 without one."""
    if len(said) == 1 and said[0].isascii():  # most are; their words are counted already
        return _short(said[0]) | 1 if len(words) >= BEGINNING_WORDS else 0
    for number, turn in enumerate(said, 1):
        role, _, text = turn.partition(BEHIND_ROLE)
        if role == "user" and says_enough(text, BEGINNING_WORDS):
            return _short("\x1e".join(said[:number])) | 1
    return 0


def _letters(texts: Sequence[bytes]) -> Array:
    """A number for the letters of each text, in whatever order they stand."""
    import numpy as np

    if not texts:
        return np.zeros(0, dtype=np.uint64)
    every = _mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(_GOLDEN))
    starts = [0, *accumulate(map(len, texts))][:-1]
    found = every[np.frombuffer(b"".join(texts), dtype=np.uint8)]
    return _mixed(np.add.reduceat(found, starts)) | np.uint64(1)


def _halves(flat: Array, starts: Array, counts: Array, rows: Array) -> tuple[Array, Array]:
    """For these rows of units, two numbers for the front half and two for the back half.

    Where a row has an odd number of units, the one in the middle is of the half in the second
    number alone: so texts that differ by one unit, or by its absence, have a half in common.
    """
    import numpy as np

    if not len(rows):
        return np.zeros((0, 2), dtype=np.uint64), np.zeros((0, 2), dtype=np.uint64)
    first, sizes = starts[rows], counts[rows]
    ends = sizes.cumsum()
    before = np.arange(int(ends[-1])) - np.repeat(ends - sizes, sizes)
    behind = np.repeat(sizes, sizes) - 1 - before
    units = flat[before + np.repeat(first, sizes)] * np.uint64(_MIX_1)
    less, more = sizes // 2, (sizes + 1) // 2
    halves = []
    for places, factor in ((before, _GOLDEN), (behind, _MIX_2)):
        mixed = _mixed(units + (places.astype(np.uint64) + np.uint64(1)) * np.uint64(factor))
        sums = np.concatenate((np.zeros(1, dtype=np.uint64), mixed.cumsum(dtype=np.uint64)))
        if places is before:
            some = [sums[ends - sizes + size] - sums[ends - sizes] for size in (less, more)]
        else:
            some = [sums[ends] - sums[ends - size] for size in (less, more)]
        keys = _mixed(np.stack(some, axis=1)) | np.uint64(1)
        keys[less == 0, 0] = 0
        keys[less == more, 1] = 0
        halves.append(keys)
    return halves[0], halves[1]


def _without_roles(said: Sequence[str]) -> str:
    """The words of all turns, none of them running into the next."""
    if len(said) == 1:
        return said[0].partition(BEHIND_ROLE)[2]
    return " ".join(turn.partition(BEHIND_ROLE)[2] for turn in said)


def _short(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _bands(flat: Array, starts: Array) -> Array:
    """MinHash bands of each conversation, given as numbers of its words."""
    import numpy as np

    numbers, starts = _shingle_numbers(flat, starts)
    factors, shifts = _permutations()
    least = np.empty((BANDS, ROWS_PER_BAND, len(starts)), dtype=np.uint64)
    for row, factor, shift in zip(least.reshape(-1, len(starts)), factors, shifts, strict=True):
        row[:] = np.minimum.reduceat(numbers * factor + shift, starts)
    bands = np.zeros((BANDS, len(starts)), dtype=np.uint64)
    for place in range(ROWS_PER_BAND):
        bands = _mixed(bands * np.uint64(_GOLDEN) + least[:, place])
    return (bands.T >> np.uint64(32)).astype(np.uint32)


def _flat(texts: Sequence[Sequence[bytes]]) -> tuple[Array, Array]:
    """A number for every word, three or more for each text, and where each text begins."""
    import numpy as np

    words: list[int] = []
    starts = []
    for text in texts:
        starts.append(len(words))
        words.extend(map(zlib.crc32, text))
        words.extend([0] * (SHINGLE_WORDS - len(text)))
    return np.array(words, dtype=np.uint64), np.array(starts, dtype=np.int64)


def _shingle_numbers(flat: Array, starts: Array) -> tuple[Array, Array]:
    """A number for every shingle, one list after the other, and where each list begins."""
    import numpy as np

    runs = _mixed(_mixed(flat[:-2]) * np.uint64(_MIX_1) + flat[1:-1])
    runs = _mixed(runs * np.uint64(_MIX_1) + flat[2:])
    whole = np.ones(len(flat), dtype=bool)
    ends = np.append(starts[1:], len(flat))
    whole[ends - 1] = whole[ends - 2] = False
    counts = ends - starts - (SHINGLE_WORDS - 1)
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
