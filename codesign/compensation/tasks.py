"""Scheduled tasks of pay."""

from codesign.compensation.services import appeals, budgets, payout_methods, rejections
from codesign.jobs.carrier import background


@background(name="compensation.tasks.tend_reviews", queue="default", time_limit=60)
def tend_reviews() -> None:
    """End proposals that nobody confirmed in time, and grant appeals that nobody decided."""
    rejections.lapse_overdue()
    appeals.grant_overdue()


@background(name="compensation.tasks.warn_of_budgets", queue="default", time_limit=60)
def warn_of_budgets() -> None:
    """Tell coordinators of budgets that are nearly used."""
    budgets.warn_of_budgets()


@background(name="compensation.tasks.shred_details", queue="default", time_limit=120)
def shred_details() -> None:
    """Shred the payout details that no payout needs any more."""
    payout_methods.shred_unused()
