"""Scores how similar a sentence is to sentences in which people disclosed a crisis of their own.

The phrases of the tables find only wordings that were listed. This finds other wordings: a
logistic regression over runs of four letters, fitted to the labelled sentences of all
languages (`fitting`, decision 30). Runs of letters need no list of word forms and tolerate typos.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

WEIGHTS = Path(__file__).resolve().parent / "likeness.bin"
BUCKETS = 1 << 16
"""Number of buckets for runs of letters. Two runs may share one."""
LENGTH = 4
"""Letters of a run. Three lengths together find as much and take three times as long."""
FEWEST = 30
"""Runs that a sentence counts as having at least, so that two words alone say little."""
LONGEST, STEP = 40, 25
"""Words of a sentence that are scored together, and from one such part to the next."""
_SCALES = struct.Struct("<dd")


@dataclass(frozen=True)
class Weights:
    """One signed byte for each bucket, what one of its units weighs, and the constant term."""

    of_buckets: Sequence[int]
    unit: float
    constant: float


def buckets_of(words: Sequence[str]) -> set[int]:
    """Return the numbers of all runs of letters in some words; places between words count too."""
    letters = f"< {' '.join(words)} >".encode("utf-16-le", "surrogatepass")
    width = 2 * LENGTH
    return {
        crc32(letters[start : start + width]) % BUCKETS
        for start in range(0, len(letters) - width + 1, 2)
    }


def size_of(buckets: set[int]) -> float:
    """Return what the sum of the weights is divided by, so that length alone scores nothing."""
    return math.sqrt(max(FEWEST, len(buckets)))


def likeness(words: Sequence[str]) -> float:
    """Return the log odds that the words tell of a crisis, those of their part that scores most."""
    return max(map(_score, _parts(words)))


def _parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, max(1, len(words) - LONGEST + STEP), STEP):
        yield words[start : start + LONGEST]


def _score(words: Sequence[str]) -> float:
    weights, buckets = _weights(), buckets_of(words)
    total = sum(map(weights.of_buckets.__getitem__, buckets))
    return weights.constant + weights.unit * total / size_of(buckets)


@cache
def _weights() -> Weights:
    raw = WEIGHTS.read_bytes()
    unit, constant = _SCALES.unpack_from(raw)
    return Weights(memoryview(raw)[_SCALES.size :].cast("b"), unit, constant)


def write_weights(weights: Weights) -> None:
    """Store the weights where `likeness` reads them."""
    scales = _SCALES.pack(weights.unit, weights.constant)
    WEIGHTS.write_bytes(scales + struct.pack(f"{BUCKETS}b", *weights.of_buckets))
    _weights.cache_clear()
