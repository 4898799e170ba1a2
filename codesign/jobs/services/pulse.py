"""A worker's signs of life, on a connection beside the work's own.

The worker holds an advisory lock on that connection: the database sees a connection end, so a
worker that dies is noticed within moments. A thread writes a heartbeat and the progress there, and
reads whether the job was cancelled. The work may therefore be one long transaction.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import suppress
from types import TracebackType
from typing import Any

from django.db import connection, connections

from codesign.jobs.rules import BEAT_SECONDS, sampled
from codesign.shared.advisory_locks import Lock, try_lock_session, unlock_whole_session
from codesign.shared.errors import DATABASE_AWAY

BEAT = """
    UPDATE jobs_claim claim SET heartbeat_at = clock_timestamp() FROM jobs_job job
    WHERE claim.id = %s AND job.id = claim.job_id RETURNING job.cancel_requested_at IS NOT NULL
"""
PROGRESS = """
    UPDATE jobs_job SET done = %s, total = %s, samples = %s::jsonb
    WHERE state = 'running' AND id = (SELECT job_id FROM jobs_claim WHERE id = %s)
"""


class Stopped(Exception):
    """The job was cancelled, or this worker's claim is no longer valid."""


class Pulse:
    """Beats from before the claim is made until after it is given back.

    A caller that runs a job within a transaction of its own is alone in seeing the job, so no
    other connection could write to it: then the beats go over the caller's connection.
    """

    def __init__(self) -> None:
        self.claim_id = uuid.uuid4()
        self.stopped = False
        self.done = self.total = 0
        self._samples: list[list[float]] = []
        self._written: tuple[int, int] | None = None
        self._beaten = 0.0
        self._inside = connection.in_atomic_block
        self._ready, self._claimed, self._over = (threading.Event() for _ in range(3))
        self._thread = threading.Thread(target=self._beat_beside, name="pulse", daemon=True)

    def __enter__(self) -> Pulse:
        if not self._inside:
            self._thread.start()
            self._ready.wait()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._claimed.set()
        if not self._inside:
            self._thread.join()

    def claimed(self, *, done: int, total: int) -> None:
        """Start to beat: the claim is written."""
        self._samples = sampled([], at=time.time(), done=done)
        self.told(done=done, total=total)
        self._claimed.set()

    def told(self, *, done: int, total: int) -> None:
        """The work has written its progress itself."""
        self.done, self.total = done, total
        self._written = (done, total)

    def check(self) -> None:
        """Raise Stopped where the work must not go on. Takes no time; call it often."""
        if self._inside and time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beat(connection)
        if self.stopped:
            raise Stopped

    def _beat_beside(self) -> None:
        beside = connections.create_connection("default")
        try:
            try_lock_session(Lock.WORKER, self.claim_id, using=beside)
            self._ready.set()
            self._claimed.wait()
            while not self._over.wait(BEAT_SECONDS):
                self._beat(beside)
        except DATABASE_AWAY:
            self.stopped = True  # the lock went with the connection
        finally:
            self._ready.set()
            with suppress(*DATABASE_AWAY):
                unlock_whole_session(beside)
            beside.close()

    def _beat(self, beside: Any) -> None:
        self._beaten = time.monotonic()
        with beside.cursor() as cursor:
            cursor.execute(BEAT, [self.claim_id])
            row = cursor.fetchone()
            if row is None or row[0]:
                self.stopped = True
                return
            done, total = self.done, self.total
            if self._written != (done, total):
                self._samples = sampled(self._samples, at=time.time(), done=done)
                samples = json.dumps(self._samples)
                cursor.execute(PROGRESS, [done, total, samples, self.claim_id])
                self._written = (done, total)
