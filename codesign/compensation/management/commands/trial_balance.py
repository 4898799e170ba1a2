"""`manage.py trial_balance`: proves that the book adds up and that work and credits match."""

from itertools import chain

from codesign.accounts.commands import Proof, one_snapshot
from codesign.compensation import queries


class Command(Proof):
    """Prints the totals too."""

    help = "Prove that legs sum to zero and that each piece of work has its one credit."
    proven = "The book adds up: every credit has its work, all work its credit."

    def wrong(self) -> list[str]:
        """A sentence for each thing that does not add up."""
        with one_snapshot():
            wrong = list(chain(queries.imbalances(), queries.credits_against_work()))
            for kind, currency, total in queries.totals():
                self.stdout.write(f"{kind:>8} {currency} {total:>14}")
        return wrong
