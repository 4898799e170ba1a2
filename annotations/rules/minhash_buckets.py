"""Buckets of MinHash keys, so that only few prompts have to be compared.

A signature is a row of keys: one for the beginning, one for the letters, two for each half, and one
for each band. Prompts that share no key cannot belong together. Keys with the same last bits are in
one bucket. A new prompt reads only its own buckets and an import reads each bucket once, so neither
reads the whole study.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from annotations.rules.minhash import BANDS

if TYPE_CHECKING:
    from annotations.rules.minhash import Array

BEGINNING, LETTERS, FRONT, BACK, FIRST_BAND = range(5)
SLOTS = FIRST_BAND + BANDS
"""Number of kinds of keys in a signature."""
BUCKETS = 256
"""Buckets for each slot. In a study of a million prompts, a bucket has about 4,000 keys."""
KEY, ID = "<u8", "V16"
"""NumPy types of keys and of prompt ids in a bucket."""


def keys_of(table: Array, slot: int) -> tuple[Array, Array | slice]:
    """Return the keys of a slot, and the row of the table that each belongs to."""
    import numpy as np

    if slot >= FIRST_BAND:
        return table["bands"][:, slot - FIRST_BAND].astype(KEY), slice(None)
    keys = table[("beginning", "letters", "front", "back")[slot]].reshape(len(table), -1)
    places = np.flatnonzero(keys)
    return keys.reshape(-1)[places], places // keys.shape[1]


def bucketed(table: Array, ids: Array) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (bucket, keys, prompts) for each bucket with keys of these signatures, in order."""
    import numpy as np

    for slot in range(SLOTS):
        keys, rows = keys_of(table, slot)
        if not len(keys):
            continue
        places = (keys >> np.uint64(1)) % np.uint64(BUCKETS)
        order = places.astype(np.uint8).argsort(kind="stable")
        keys, some, places = keys[order], ids[rows][order], places[order]
        edges = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(keys)]
        for start, end in pairwise(edges):
            bucket = slot * BUCKETS + int(places[start])
            yield bucket, keys[start:end].tobytes(), some[start:end].tobytes()


def shared(keys: Array, new: Array) -> Iterator[Array]:
    """Yield groups of places in a bucket that share a key, if at least one of them is new."""
    import numpy as np

    order = keys.argsort(kind="stable")
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys[order])) + 1))
    wanted = np.diff(np.append(starts, len(keys))) > 1
    wanted &= np.logical_or.reduceat(new[order], starts)
    for number in np.flatnonzero(wanted).tolist():
        end = starts[number + 1] if number + 1 < len(starts) else len(keys)
        yield order[starts[number] : end]
