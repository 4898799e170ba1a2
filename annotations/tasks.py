"""What workers and the timer do for the judging."""

from annotations.services import assignments, counters, filling, offering, releases
from codesign.jobs.carrier import background
from codesign.jobs.tasks import carried

build_release = carried(releases.KIND)
fill_round = carried(filling.KIND)
move_seats = carried(offering.KIND)


@background(name="annotations.tasks.expire_leases", queue="default", time_limit=60)
def expire_leases() -> None:
    """Give back what was leased and forgotten."""
    assignments.expire_leases()


@background(name="annotations.tasks.fold_tallies", queue="default", time_limit=60)
def fold_tallies() -> None:
    """Keep the counts of rounds and ledger short to add up."""
    counters.fold_all()
