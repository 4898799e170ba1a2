"""What workers and the timer do for the judging."""

import uuid

from annotations.services import assignments, counters, filling, offering, releases
from codesign.jobs.carrier import background


@background(name="annotations.tasks.expire_leases", queue="default", time_limit=60)
def expire_leases() -> None:
    """Give back what was leased and forgotten."""
    assignments.expire_leases()


@background(name="annotations.tasks.build_release", queue="exports", time_limit=4 * 3600)
def build_release(release_id: str) -> None:
    """Build a release that waits."""
    releases.build_release(release_id=uuid.UUID(release_id))


@background(name="annotations.tasks.ring_releases", queue="default", time_limit=60)
def ring_releases() -> None:
    """Ring for releases that wait, also after a builder that died."""
    releases.ring_releases()


@background(name="annotations.tasks.fill_round", queue="exports", time_limit=3600)
def fill_round(round_id: str) -> None:
    """Put prompts into a round that was planned."""
    filling.fill_round(round_id=uuid.UUID(round_id))


@background(name="annotations.tasks.ring_rounds", queue="default", time_limit=60)
def ring_rounds() -> None:
    """Ring again for rounds that are not full yet, or whose seats do not follow yet."""
    filling.ring_waiting()
    offering.ring_waiting()


@background(name="annotations.tasks.move_seats", queue="exports", time_limit=3600)
def move_seats(round_id: str) -> None:
    """Offer the seats of a round that was opened, or take back those of one that was closed."""
    offering.go_on(round_id=uuid.UUID(round_id))


@background(name="annotations.tasks.fold_tallies", queue="default", time_limit=60)
def fold_tallies() -> None:
    """Keep the counts of rounds and ledger short to add up."""
    counters.fold_all()
