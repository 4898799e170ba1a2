"""Every advisory lock of the project: what it protects, and how it is taken.

PostgreSQL keeps an advisory lock under two numbers of 32 bits. The first is a `Lock`, so that no
two uses can meet. The second is a hash of what is locked: two things with the same hash only wait
for each other.

A lock until commit ends with its transaction, and is refused outside of one, where it would end
at once. A lock of a session ends when it is released, or when its connection ends: that is how a
worker that died lets go. Behind a pooler that shares connections, a session lock is wrong
(decision 8).
"""

from __future__ import annotations

import zlib
from enum import IntEnum
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError


class Lock(IntEnum):
    """What an advisory lock protects; the numbers only have to differ."""

    SEAL_AUDIT = 1  # one process seals the audit trail at a time
    INVITE = 2  # by address: nobody proves it while somebody invites it
    SIGN_IN = 3  # by django-allauth's key: tries to sign in are counted one at a time
    WORKER = 4  # by claim: the worker that made it is alive
    START_GENERATION = 5  # by study: runs start one after another
    IMPORT = 6  # by study: one import at a time
    SPLIT_GROUPS = 7  # by study: one transaction ties prompts at a time
    PLACE_REQUESTS = 8  # by study: requests to take part are counted one at a time
    REGISTER_MODEL = 9  # models get their names one after another
    REVIEW_PAY = 10  # by study: work is approved or rejected, never both
    BUDGET = 22  # by study and currency: leases share it, or take it alone when little is left
    TIME_CHECK = 23  # by cohort: one check of the time that its work took at a time
    LOAD = 19  # by person: one of their studies at a time reads the load of their day


def require_transaction(what: str) -> None:
    """Refuse to go on outside of a transaction; `what` names what needs one."""
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{what} needs a transaction.")


def lock_until_commit(lock: Lock, *about: object) -> None:
    """Wait for a lock, and hold it until the transaction ends."""
    require_transaction(f"A lock until commit ({lock.name})")
    _call("pg_advisory_xact_lock", lock, about)


def try_lock_until_commit(lock: Lock, *about: object) -> bool:
    """Take a lock until the transaction ends; False where somebody else holds it."""
    require_transaction(f"A lock until commit ({lock.name})")
    return _call("pg_try_advisory_xact_lock", lock, about) is True


def try_lock_shared_until_commit(lock: Lock, *about: object) -> bool:
    """Share a lock until the transaction ends; False where somebody has it, or waits for it, alone.

    All who share it exclude those who take it with `lock_until_commit`.
    """
    require_transaction(f"A lock until commit ({lock.name})")
    return _call("pg_try_advisory_xact_lock_shared", lock, about) is True


def lock_session(lock: Lock, *about: object) -> None:
    """Wait for a lock, and hold it until `unlock_session` or the end of the connection."""
    _call("pg_advisory_lock", lock, about)


def try_lock_session(lock: Lock, *about: object, using: BaseDatabaseWrapper | None = None) -> bool:
    """Take a lock of the session of `using`; False where another session holds it."""
    return _call("pg_try_advisory_lock", lock, about, using) is True


def unlock_session(lock: Lock, *about: object) -> bool:
    """Release a lock of this session; False where it did not hold it."""
    return _call("pg_advisory_unlock", lock, about) is True


def unlock_whole_session(using: BaseDatabaseWrapper) -> None:
    """Release every lock of the session of a connection, before the connection is given back."""
    with using.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


def _call(
    function: str, lock: Lock, about: tuple[object, ...], using: BaseDatabaseWrapper | None = None
) -> Any:
    key = zlib.crc32("/".join(map(str, about)).encode()) - 2**31  # the range of an integer
    with (using or connection).cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [int(lock), key])
        return cursor.fetchone()[0]
