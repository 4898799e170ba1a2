"""MinHash signatures of prompts, to find prompts that belong in one split group.

Two prompts belong together if a model that learned from one has practically seen the other: they
have the same text, nearly the same text (Jaccard similarity of their three-word shingles at least
0.8, or the rule of `short_texts`), or the same beginning of a conversation, up to the first turn of
the user with enough words. Greetings are not enough: “hi” begins half of all conversations. A
shared family or identical responses also join prompts; `services.split_groups` looks for those.

Equal beginnings are found by their hashes alone. For near-duplicates, the signature only finds
candidates (a shared MinHash band, half, or set of letters), and the texts are compared afterwards.
Signatures are computed in batches, because imports have up to 100,000 prompts.
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
"""From this number of words in a turn of the user, a beginning identifies a conversation."""
REPLY_WORDS = 20
"""From this number of words, a response is not a stock phrase. Decision 23 explains both."""
MOSTLY = 10
"""Characters of a text in which most texts have a word."""
LETTERS_OF_A_WORD = 6
"""Letters that count as one word in scripts without spaces between words."""
BANDS, ROWS_PER_BAND = 25, 5
"""A pair at 0.8 shares one of 25 bands of 5 with probability 0.9999, one at 0.3 with 0.06."""
DEPTH = 8
SEED = 1
_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
Shingles = frozenset[tuple[bytes, ...]]


def words_of(messages: Sequence[Message]) -> list[bytes]:
    """Return all words of a conversation, without accents, capitals and punctuation."""
    return _words(normalised(" ".join(m["content"] for m in messages)))


def shingles(words: Sequence[bytes]) -> Shingles:
    """Return every sequence of three words; for fewer words, one sequence of all of them."""
    if len(words) <= SHINGLE_WORDS:
        return frozenset({tuple(words)} if words else ())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(first: Shingles, second: Shingles) -> float:
    """Return the Jaccard similarity of two sets, from 0 to 1."""
    shared = len(first & second)
    return shared / ((len(first) + len(second) - shared) or 1)


def near(first: Shingles, second: Shingles) -> bool:
    """Return whether two prompts are near-duplicates. Very different sizes decide it alone."""
    small, large = sorted((len(first), len(second)))
    return small >= NEAR * large and jaccard(first, second) >= NEAR


def says_enough(text: str, least: int) -> bool:
    """Return whether a text has at least this many words, or six letters for each of them.

    The beginning of most texts has enough words already.
    """
    return _says_enough(text[: least * MOSTLY], least) or _says_enough(text, least)


def _says_enough(text: str, least: int) -> bool:
    if text.isascii():
        return len(_words(text)) >= least
    words = _words(normalised(text))
    return max(len(words), len(b"".join(words).decode()) // LETTERS_OF_A_WORD) >= least


def order(talks: Sequence[Sequence[str]], *, slot: int) -> Array:
    """Return eight more minima of each conversation, different ones for each slot.

    Near-duplicates are neighbours when sorted by them. Used if a band has too many prompts to
    compare all pairs.
    """
    import numpy as np

    numbers, starts = _shingle_numbers(*_flat([_words(_without_roles(talk)) for talk in talks]))
    factors, shifts = _draws(2 * (BANDS * ROWS_PER_BAND + slot * DEPTH), DEPTH)
    drawn = zip(factors, shifts, strict=True)
    minima = [np.minimum.reduceat(numbers * factor + shift, starts) for factor, shift in drawn]
    return np.stack(minima, axis=1)


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_find_words = re.compile(r"\w+").findall
_SPACED = bytes(code if _find_words(chr(code)) else ord(" ") for code in range(128)).ljust(256)


def _words(text: str) -> list[bytes]:
    """Return every sequence of letters, digits and underscores.

    Accents and vowel signs are ignored, because many people write without them. ASCII text takes a
    quarter of the time.
    """
    if text.isascii():
        return text.encode().translate(_SPACED).split()
    plain = unicodedata.normalize("NFKD", text)
    gone = [ord(sign) for sign in set(_NOT_ASCII.findall(plain)) if unicodedata.combining(sign)]
    plain = plain.translate(dict.fromkeys(gone)) if gone else plain
    return " ".join(_find_words(plain)).encode().split()


@functools.cache
def layout() -> np.dtype[Any]:
    """Return the fields of a signature. A key that a prompt does not have is 0."""
    import numpy as np

    halves = [(name, "<u8", (2,)) for name in ("front", "back")]
    return np.dtype([("beginning", "<u8"), ("letters", "<u8"), *halves, ("bands", "<u4", (BANDS,))])


def signatures(talks: Sequence[Sequence[str]]) -> Array:
    """Return the signature of each conversation, given as `turns`; equal on every machine."""
    import numpy as np

    table = np.zeros(len(talks), dtype=layout())
    if not talks:
        return table
    words = [_words(_without_roles(talk)) for talk in talks]
    flat, starts = _flat(words)
    table["beginning"] = [_beginning(*both) for both in zip(talks, words, strict=True)]
    table["bands"] = _bands(flat, starts)
    counts = np.array([len(some) for some in words])
    by_words = np.flatnonzero((counts >= BY_WORDS) & (counts <= MOST_WORDS))
    table["front"][by_words], table["back"][by_words] = _halves(flat, starts, counts, by_words)
    brief = np.flatnonzero((counts > 0) & (counts <= MOST_WORDS))
    letters = [b"".join(words[place]) for place in brief.tolist()]
    table["letters"][brief] = _letters(letters)
    few = [n for n, place in enumerate(brief.tolist()) if counts[place] < BY_WORDS]
    if few:
        spelt = [letters[n].decode() for n in few]
        sizes = np.array([len(one) for one in spelt])
        codes = np.frombuffer("".join(spelt).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
        halves = _halves(codes, sizes.cumsum() - sizes, sizes, np.arange(len(spelt)))
        table["front"][brief[few]], table["back"][brief[few]] = halves
    return table


def _beginning(talk: Sequence[str], words: Sequence[bytes]) -> int:
    """Return a hash of the turns up to the first long enough one of the user; 0 without one."""
    if len(talk) == 1 and talk[0].isascii():  # most are; their words are counted already
        return _short(talk[0]) | 1 if len(words) >= BEGINNING_WORDS else 0
    for number, turn in enumerate(talk, 1):
        role, _, text = turn.partition(BEHIND_ROLE)
        if role == "user" and says_enough(text, BEGINNING_WORDS):
            return _short("\x1e".join(talk[:number])) | 1
    return 0


def _letters(texts: Sequence[bytes]) -> Array:
    """Return a hash of the letters of each text, independent of their order."""
    import numpy as np

    if not texts:
        return np.zeros(0, dtype=np.uint64)
    every = _mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(_GOLDEN))
    starts = [0, *accumulate(map(len, texts))][:-1]
    hashes = every[np.frombuffer(b"".join(texts), dtype=np.uint8)]
    return _mixed(np.add.reduceat(hashes, starts)) | np.uint64(1)


def _halves(flat: Array, starts: Array, counts: Array, rows: Array) -> tuple[Array, Array]:
    """Return two hashes of the front half and two of the back half, for these rows of units.

    With an odd number of units, only the second hash of each half includes the middle one, so that
    texts that differ by one changed or missing unit share a half.
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


def _without_roles(talk: Sequence[str]) -> str:
    """Return the text of all turns, separated by spaces."""
    if len(talk) == 1:
        return talk[0].partition(BEHIND_ROLE)[2]
    return " ".join(turn.partition(BEHIND_ROLE)[2] for turn in talk)


def _short(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _bands(flat: Array, starts: Array) -> Array:
    """Return the MinHash bands of each conversation, given as hashes of its words."""
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
    """Return a hash for every word, padded to three for each text, and the start of each text."""
    import numpy as np

    words: list[int] = []
    starts = []
    for text in texts:
        starts.append(len(words))
        words.extend(map(zlib.crc32, text))
        words.extend([0] * (SHINGLE_WORDS - len(text)))
    return np.array(words, dtype=np.uint64), np.array(starts, dtype=np.int64)


def _shingle_numbers(flat: Array, starts: Array) -> tuple[Array, Array]:
    """Return a hash for every shingle of all texts, and the start of each text."""
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
    """Return the permutations of the 32-bit numbers, one for each row of the bands."""
    return _draws(0, BANDS * ROWS_PER_BAND)


def _draws(after: int, count: int) -> tuple[Array, Array]:
    """Return odd factors and shifts of `count` permutations of the 32-bit numbers."""
    import numpy as np

    steps = np.arange(after + 1, after + 2 * count + 1, dtype=np.uint64)
    drawn = (_mixed(steps * np.uint64(_GOLDEN) + np.uint64(SEED)) >> np.uint64(32)).astype(
        np.uint32
    )
    factors, shifts = np.split(drawn, 2)
    return factors | np.uint32(1), shifts


def _mixed(numbers: Array) -> Array:
    """Apply the finaliser of SplitMix64 (Steele, Lea, Flood 2014), which mixes all bits."""
    import numpy as np

    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(_MIX_1)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(_MIX_2)
    return numbers ^ (numbers >> np.uint64(31))
