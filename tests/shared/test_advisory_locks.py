"""Advisory locks: who waits for whom, and when a lock ends."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

from codesign.shared.advisory_locks import (
    Lock,
    lock_session,
    lock_until_commit,
    try_lock_session,
    try_lock_until_commit,
    unlock_session,
    unlock_whole_session,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """Another session of the same database."""
    beside = connections.create_connection("default")
    yield beside
    beside.close()


@pytest.mark.parametrize("take", [lock_until_commit, try_lock_until_commit])
def test_a_lock_until_commit_outside_a_transaction_is_refused(take: Callable[..., object]) -> None:
    with pytest.raises(TransactionManagementError, match="INVITE"):
        take(Lock.INVITE, "ada@example.org")


@pytest.mark.parametrize("take", [lock_until_commit, try_lock_until_commit])
def test_a_lock_until_commit_ends_with_its_transaction(
    take: Callable[..., object], other: BaseDatabaseWrapper
) -> None:
    with transaction.atomic():
        take(Lock.INVITE, "ada@example.org")
        assert not try_lock_session(Lock.INVITE, "ada@example.org", using=other)
    assert try_lock_session(Lock.INVITE, "ada@example.org", using=other)
    with transaction.atomic():
        assert not try_lock_until_commit(Lock.INVITE, "ada@example.org")


def test_a_session_lock_ends_when_it_is_released(other: BaseDatabaseWrapper) -> None:
    about = uuid.uuid4()
    lock_session(Lock.WORKER, about)
    assert not try_lock_session(Lock.WORKER, about, using=other)
    assert unlock_session(Lock.WORKER, about)
    assert try_lock_session(Lock.WORKER, about, using=other)
    unlock_whole_session(other)
    assert try_lock_session(Lock.WORKER, about)
    assert unlock_session(Lock.WORKER, about)


def test_a_session_lock_ends_with_its_connection(other: BaseDatabaseWrapper) -> None:
    assert try_lock_session(Lock.WORKER, 1, 2, using=other)
    other.close()
    with transaction.atomic():
        lock_until_commit(Lock.WORKER, 1, 2)


def test_locks_of_different_kinds_or_things_do_not_meet(other: BaseDatabaseWrapper) -> None:
    lock_session(Lock.WORKER, "one")
    assert try_lock_session(Lock.START_GENERATION, "one", using=other)
    assert try_lock_session(Lock.WORKER, "two", using=other)
    assert unlock_session(Lock.WORKER, "one")


def test_every_kind_of_lock_can_be_taken_and_is_named_in_the_database() -> None:
    for lock in Lock:
        lock_session(lock)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT classid::bigint FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND objsubid = 2 AND pid = pg_backend_pid() ORDER BY 1"
        )
        assert [row[0] for row in cursor.fetchall()] == sorted(Lock)
    unlock_whole_session(connection)
