"""Celery tasks of this app."""

from annotations.services import (
    assignments,
    counters,
    filling,
    offering,
    pay_checks,
    regroup,
    releases,
    work_times,
)
from codesign.jobs.carrier import background
from codesign.jobs.tasks import carried

build_release = carried(releases.KIND)
fill_round = carried(filling.KIND)
move_seats = carried(offering.KIND)
regroup_prompts = carried(regroup.KIND)


@background(name="annotations.tasks.expire_leases", queue="default", time_limit=60)
def expire_leases() -> None:
    """End expired leases."""
    assignments.expire_leases()


@background(name="annotations.tasks.fold_tallies", queue="default", time_limit=60)
def fold_tallies() -> None:
    """Fold the counters of rounds and of the ledger."""
    counters.fold_all()


@background(name="annotations.tasks.pay_overdue", queue="default", time_limit=60)
def pay_overdue() -> None:
    """Pay work whose pay was held for too long without a decision."""
    pay_checks.pay_overdue()


@background(name="annotations.tasks.check_times", queue="default", time_limit=120)
def check_times() -> None:
    """Compare the time that judging took with the promised time, and adjust pay."""
    work_times.check_all()
