"""Where prompts that may be tied find each other: keys in buckets, so that few are ever looked at.

A sketch is a row of keys: one for its first exchange, one for its opening, one for each band. Two
prompts may be tied only if they share one of them. Keys that end alike stand in one bucket; a new
prompt reads its own buckets, a file reads each bucket once, and neither reads whole studies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from annotations.rules.sketches import BANDS

if TYPE_CHECKING:
    from annotations.rules.sketches import Array

EXCHANGE, OPENING, FIRST_BAND = range(3)
SLOTS = FIRST_BAND + BANDS
"""Keys of a sketch."""
BUCKETS = 256
"""Of each slot. With a million prompts, one more is compared with the keys of 4,000 for each."""
KEY, ID = "<u8", "V16"
"""How keys and the bytes of prompts' ids stand in a bucket."""


def keys_of(table: Array) -> Array:
    """The keys of each sketch of a table, slot by slot.

    The last bit of an opening says that nothing follows it.
    """
    import numpy as np

    keys = np.empty((SLOTS, len(table)), dtype=KEY)
    keys[EXCHANGE] = table["exchange"]
    alone = table["opening"] == table["exchange"]
    keys[OPENING] = table["opening"] & ~np.uint64(1) | alone
    keys[FIRST_BAND:] = table["bands"].T
    return keys


def bucketed(table: Array, ids: Array) -> Iterator[tuple[int, bytes, bytes]]:
    """(bucket, keys, prompts) for each bucket that these sketches need, in order."""
    import numpy as np

    for slot, keys in enumerate(keys_of(table)):
        places = (keys >> np.uint64(1)) % np.uint64(BUCKETS)
        order = places.astype(np.uint8).argsort(kind="stable")
        keys, some, places = keys[order], ids[order], places[order]
        edges = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(keys)]
        for start, end in pairwise(edges):
            bucket = slot * BUCKETS + int(places[start])
            yield bucket, keys[start:end].tobytes(), some[start:end].tobytes()


def shared(slot: int, keys: Array, new: Array) -> Iterator[Array]:
    """Places in a bucket that share a key, each time two or more with a new one among them.

    For openings, only those with one among them that ends there: it begins all others.
    """
    import numpy as np

    same = keys >> np.uint64(1) if slot == OPENING else keys
    order = same.argsort(kind="stable")
    starts = np.concatenate(([0], np.flatnonzero(np.diff(same[order])) + 1))
    wanted = np.diff(np.append(starts, len(keys))) > 1
    wanted &= np.logical_or.reduceat(new[order], starts)
    if slot == OPENING:
        wanted &= np.logical_or.reduceat((keys & np.uint64(1)).astype(bool)[order], starts)
    for number in np.flatnonzero(wanted).tolist():
        end = starts[number + 1] if number + 1 < len(starts) else len(keys)
        yield order[starts[number] : end]
