"""`manage.py trial_balance`: verify that the ledger balances and that credits match work."""

from itertools import chain

from codesign.accounts.commands import Proof, one_snapshot
from codesign.compensation.queries import payout_checks, trial_balance


class Command(Proof):
    """Also prints the totals."""

    help = "Verify that legs sum to zero and that each piece of work has exactly one credit."
    proven = "The ledger balances. Every credit has its work, and all work has its credit."

    def wrong(self) -> list[str]:
        """Return a sentence for each problem."""
        with one_snapshot():
            checks = (
                trial_balance.imbalances(),
                trial_balance.credits_against_work(),
                payout_checks.payouts_against_ledger(),
            )
            wrong = list(chain(*checks))
            for kind, currency, total in trial_balance.totals():
                self.stdout.write(f"{kind:>8} {currency} {total:>14}")
        return wrong
