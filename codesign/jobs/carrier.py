"""Celery tasks and messages. A task names its queue; messages are sent by task name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

QUEUES: dict[str, str] = {}


def background(*, name: str, queue: str, time_limit: int) -> Callable[[Callable[..., Any]], Any]:
    """Make a Celery task that names its queue and its time limit in seconds."""
    QUEUES[name] = queue
    return shared_task(name=name, time_limit=time_limit)


def route(name: str, *_: Any, **__: Any) -> dict[str, str] | None:
    """Return the queue that a task named, for Celery's `task_routes`."""
    return {"queue": QUEUES[name]} if name in QUEUES else None


def send(task_name: str, *args: str) -> bool:
    """Send a message to a worker; return False if the broker is unreachable."""
    try:
        current_app.tasks[task_name].apply_async(args=args, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        log.warning("broker unreachable, a message will be sent again")
        return False
    return True
