"""Celery's beat without a file, which a full disk would break: when it starts it rings for all.

Beginning anew to count the seconds would never ring where something ends beat again and again.
"""

from datetime import timedelta
from typing import Any

from celery.beat import Scheduler

LONG_AGO = timedelta(days=1)


class Clock(Scheduler):
    """Takes every entry for due when it starts; ringing once too often does no harm."""

    def setup_schedule(self) -> None:
        """Install the schedule."""
        super().setup_schedule()
        entry: Any
        for entry in self.schedule.values():
            entry.last_run_at -= LONG_AGO
