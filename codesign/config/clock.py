"""Celery beat without a schedule file, which a full disk would break. It sends all tasks at start.

Otherwise tasks would never run if beat is restarted more often than their intervals.
"""

from datetime import timedelta
from typing import Any

from celery.beat import Scheduler

LONG_AGO = timedelta(days=1)


class Clock(Scheduler):
    """Treats every entry as due at start. An additional run does no harm."""

    def setup_schedule(self) -> None:
        """Install the schedule."""
        super().setup_schedule()
        entry: Any
        for entry in self.schedule.values():
            entry.last_run_at -= LONG_AGO
