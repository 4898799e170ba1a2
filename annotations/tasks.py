"""Timers of the judging."""

from annotations.services import assignments
from codesign.shared.jobs import background


@background(name="annotations.tasks.expire_leases", queue="default", time_limit=60)
def expire_leases() -> None:
    """Give back what was leased and forgotten."""
    assignments.expire_leases()
