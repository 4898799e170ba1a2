"""Who is writing a chunk right now: the database knows, since it sees connections end.

A worker that writes a chunk holds an advisory lock on a connection of its own. When the worker
dies, the database lets go within moments, and the chunk need not wait for the end of its lease,
which is as long as the slowest machine may take.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import connections

from codesign.shared.advisory_locks import (
    Lock,
    try_lock_session,
    try_lock_until_commit,
    unlock_whole_session,
)
from codesign.shared.errors import DATABASE_AWAY

Hold = Callable[[uuid.UUID, int], None]


@contextmanager
def sign_of_life() -> Iterator[Hold]:
    """Give a function that marks a chunk of a run as being written until the block ends."""
    beside = connections.create_connection("default")

    def hold(run_id: uuid.UUID, chunk: int) -> None:
        # never waits: its caller has locked the run
        try_lock_session(Lock.WRITE_CHUNK, run_id, chunk, using=beside)

    try:
        yield hold
    finally:
        with suppress(*DATABASE_AWAY):
            unlock_whole_session(beside)
        beside.close()


def nobody_writes(*, run_id: uuid.UUID, chunk: int) -> bool:
    """Whether no living worker has marked this chunk; none can until this transaction ends."""
    return try_lock_until_commit(Lock.WRITE_CHUNK, run_id, chunk)
