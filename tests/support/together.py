"""Several at once, each on a connection of their own: real threads, real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import IntegrityError, connection

from codesign.shared.errors import Refusal

T = TypeVar("T")
LONGEST = 120
"""Seconds after which a thread counts as stuck."""


def at_once(*jobs: Callable[[], T]) -> list[T | Exception]:
    """Run all jobs in threads that start together; a job's refusal is its result."""
    together = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T | Exception:
        together.wait(LONGEST)
        try:
            return closing(job)
        except (Refusal, IntegrityError) as refusal:
            return refusal

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [running.result(LONGEST) for running in [pool.submit(run, job) for job in jobs]]


def closing(job: Callable[[], T]) -> T:
    """Do a job in a thread, and give back the thread's connection."""
    try:
        return job()
    finally:
        connection.close()


def kinds(results: list[T | Exception]) -> list[str]:
    """Return the sorted names of the results' types, for comparing."""
    return sorted(type(result).__name__ for result in results)


def somebody_waits() -> bool:
    """Whether a transaction waits for a lock in this database; other tests use the same server.

    Unlike pg_stat_activity, pg_locks is read afresh within a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks waiting JOIN pg_locks held USING (pid)"
            " JOIN pg_database ours ON ours.oid = held.database"
            " WHERE NOT waiting.granted AND ours.datname = current_database()"
        )
        return cursor.fetchone() is not None
