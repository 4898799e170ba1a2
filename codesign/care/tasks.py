"""Scheduled tasks of care."""

from codesign.care.services import calls, cases
from codesign.jobs.carrier import background


@background(name="care.tasks.tend", queue="default", time_limit=60)
def tend() -> None:
    """Open the cases whose author is silent, and tell of those that are overdue."""
    cases.open_unanswered()
    calls.tell_of_overdue()
