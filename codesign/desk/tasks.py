"""Scheduled tasks for what spans apps."""

from codesign.desk.services import handover
from codesign.jobs.carrier import background


@background(name="desk.tasks.hand_over", queue="default", time_limit=60)
def hand_over() -> None:
    """Hand over studies whose waiting time has passed."""
    handover.hand_over_due()
