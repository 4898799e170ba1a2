"""Scheduled tasks of care."""

from codesign.care.services import calls, cases, check_ins
from codesign.jobs.carrier import background


@background(name="care.tasks.tend", queue="default", time_limit=60)
def tend() -> None:
    """Open the cases whose author is silent, tell of overdue ones, and send check-ins."""
    cases.open_unanswered()
    calls.tell_of_overdue()
    check_ins.send_due()
