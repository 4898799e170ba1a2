"""Scheduled tasks of compensation."""

from codesign.compensation.services import payout_methods
from codesign.jobs.carrier import background


@background(name="compensation.tasks.shred_details", queue="default", time_limit=120)
def shred_details() -> None:
    """Shred the payout details that no payout needs any more."""
    payout_methods.shred_unused()
