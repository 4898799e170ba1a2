"""`manage.py check_counts`: verify the stored counts by counting everything again."""

from itertools import chain

from annotations.queries.progress import rounds_miscounted
from codesign.accounts.commands import Proof, one_snapshot
from modelhub.queries.generation import runs_miscounted


class Command(Proof):
    """Counts every round and run."""

    help = (
        "Verify the stored counts of rounds and generation runs by counting. For pay, see "
        "trial_balance."
    )
    proven = "All stored counts are correct."

    def wrong(self) -> list[str]:
        """Return a sentence for each wrong count."""
        with one_snapshot():
            return list(chain(rounds_miscounted(), runs_miscounted()))
