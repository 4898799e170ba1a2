"""`manage.py check_counts`: proves the kept counts by counting everything once more."""

from itertools import chain

from annotations.queries.progress import rounds_miscounted
from codesign.accounts.commands import Proof, one_snapshot
from modelhub.queries.generation import runs_miscounted


class Command(Proof):
    """Counts every round and run."""

    help = "Prove the counts of rounds and generation runs by counting; trial_balance proves pay's."
    proven = "Every count is what counting says."

    def wrong(self) -> list[str]:
        """A sentence for each round or run that says another number."""
        with one_snapshot():
            return list(chain(rounds_miscounted(), runs_miscounted()))
