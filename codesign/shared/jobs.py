"""How work leaves a request: by task name, after commit, and lost messages lose nothing."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

QUEUES: dict[str, str] = {}


def background(*, name: str, queue: str, time_limit: int) -> Callable[[Callable[..., Any]], Any]:
    """Make a task that names its queue and its time limit in seconds, once, where it is written."""
    QUEUES[name] = queue
    return shared_task(name=name, time_limit=time_limit)


def route(name: str, *_: Any, **__: Any) -> dict[str, str] | None:
    """Celery's `task_routes`: the queue that the task itself named."""
    return {"queue": QUEUES[name]} if name in QUEUES else None


def enqueue(task_name: str, *ids: uuid.UUID | str | int) -> None:
    """Ring a worker once the transaction has committed.

    The job's row is the truth and beat rings again for every row that waits, so a broker that
    is away only delays the work: it must not fail the request that made the row.
    """

    def ring() -> None:
        try:
            current_app.tasks[task_name].apply_async(
                args=tuple(str(i) for i in ids), retry=False, ignore_result=True
            )
        except (OperationalError, OSError):
            log.warning("broker away, %s waits for the next ring", task_name)

    transaction.on_commit(ring, robust=True)
