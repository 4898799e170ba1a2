"""Where prompts that may be tied find each other: keys in buckets, so that few are ever looked at.

A sketch is a row of keys: for its beginning, its letters, its halves, and one for each band. Two
prompts may be tied only if they share one of them. Keys that end alike stand in one bucket; a new
prompt reads its own buckets, a file reads each bucket once, and neither reads whole studies.
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
"""Kinds of keys of a sketch."""
BUCKETS = 256
"""Of each slot. With a million prompts, one more is compared with the keys of 4,000 for each."""
KEY, ID = "<u8", "V16"
"""How keys and the bytes of prompts' ids stand in a bucket."""


def keys_of(table: Array, slot: int) -> tuple[Array, Array | slice]:
    """The keys of a slot, and the row of the table that each belongs to."""
    import numpy as np

    if slot >= FIRST_BAND:
        return table["bands"][:, slot - FIRST_BAND].astype(KEY), slice(None)
    keys = table[("beginning", "letters", "front", "back")[slot]].reshape(len(table), -1)
    places = np.flatnonzero(keys)
    return keys.reshape(-1)[places], places // keys.shape[1]


def bucketed(table: Array, ids: Array) -> Iterator[tuple[int, bytes, bytes]]:
    """(bucket, keys, prompts) for each bucket that these sketches need, in order."""
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
    """Places in a bucket that share a key, each time two or more with a new one among them."""
    import numpy as np

    order = keys.argsort(kind="stable")
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys[order])) + 1))
    wanted = np.diff(np.append(starts, len(keys))) > 1
    wanted &= np.logical_or.reduceat(new[order], starts)
    for number in np.flatnonzero(wanted).tolist():
        end = starts[number + 1] if number + 1 < len(starts) else len(keys)
        yield order[starts[number] : end]
