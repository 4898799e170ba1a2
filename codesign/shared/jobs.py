"""How work leaves a request: by task name, after commit, and lost messages lose nothing."""

from __future__ import annotations

import logging
import uuid

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


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
