"""How long work takes, for tests of how its time grows."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds_of(work: Callable[[], object], *, times: int = 3) -> float:
    """Return the least processor time of a few runs: other programs can only add to it."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)
