"""Who is writing a chunk right now: the database knows, since it sees connections end.

A worker that writes a chunk holds an advisory lock on a connection of its own. When the worker
dies, the database lets go within moments, and the chunk need not wait for the end of its lease,
which is as long as the slowest machine may take.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import connection, connections

from codesign.shared.errors import DATABASE_AWAY

WRITERS = 0x0DA7B
"""First half of the lock that a writer holds; the second is the chunk."""

Hold = Callable[[uuid.UUID, int], None]


@contextmanager
def sign_of_life() -> Iterator[Hold]:
    """Give a function that marks a chunk of a run as being written until the block ends."""
    beside = connections.create_connection("default")

    def hold(run_id: uuid.UUID, chunk: int) -> None:
        with beside.cursor() as cursor:  # never waits: its caller has locked the run
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _key(run_id, chunk))

    try:
        yield hold
    finally:
        with suppress(*DATABASE_AWAY), beside.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        beside.close()


def nobody_writes(*, run_id: uuid.UUID, chunk: int) -> bool:
    """Whether no living worker has marked this chunk; none can until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _key(run_id, chunk))
        return bool(cursor.fetchone()[0])


def _key(run_id: uuid.UUID, chunk: int) -> list[int]:
    return [WRITERS, zlib.crc32(f"{run_id}/{chunk}".encode()) & 0x7FFFFFFF]
