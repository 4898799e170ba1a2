"""Health checks of database, broker and workers, within a second in total; and of the disk."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable

import psycopg
from celery import current_app
from django.conf import settings
from django.db import connection

from codesign.shared import disk_space

PARTS = ("database", "broker", "worker")
BUDGET = 0.9
"""Seconds. A part that has not answered by then counts as down; its thread ends by its timeout."""
WORKER_WAIT = 0.7


def missing() -> set[str]:
    """Return the parts that do not answer."""
    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    asked = (_ask_database, _ask_workers)
    for ask in asked:
        threading.Thread(target=_ask_quietly, args=(ask, answers.put), daemon=True).start()
    waiting, asking = set(PARTS), len(asked)
    deadline = time.monotonic() + BUDGET
    while asking and (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            part = answers.get(timeout=left)
            if part is None:
                asking -= 1
            else:
                waiting.discard(part)
    return waiting


def disk_is_full() -> bool:
    """Return whether the disk for releases, models and uploads is full."""
    return disk_space.is_full(settings.CODESIGN_HOME)


def _ask_quietly(
    ask: Callable[[Callable[[str], None]], None], answer: Callable[[str | None], None]
) -> None:
    """Run one check, then report its end. An exception counts as no answer."""
    try:
        with contextlib.suppress(Exception):
            ask(answer)
    finally:
        answer(None)


def _ask_database(answer: Callable[[str], None]) -> None:
    """Open a new connection, because the pool would wait too long for one."""
    parameters = connection.get_connection_params()
    own = {"pool", "cursor_factory", "context", "prepare_threshold"}
    plain = {key: value for key, value in parameters.items() if key not in own}
    with psycopg.connect(**{**plain, "connect_timeout": 2}) as fresh:
        fresh.execute("SELECT 1")
    answer("database")


def _ask_workers(answer: Callable[[str], None]) -> None:
    """Connect to the broker, then wait for the first worker's reply."""
    with current_app.connection_for_write(connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=0)
        answer("broker")
        if current_app.control.ping(timeout=WORKER_WAIT, limit=1, connection=broker):
            answer("worker")
