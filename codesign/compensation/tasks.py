"""Scheduled tasks of pay."""

from codesign.compensation.services import budgets
from codesign.jobs.carrier import background


@background(name="compensation.tasks.warn_of_budgets", queue="default", time_limit=60)
def warn_of_budgets() -> None:
    """Tell coordinators of budgets that are nearly used."""
    budgets.warn_of_budgets()
