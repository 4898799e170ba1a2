"""Tables of this app."""

from codesign.compensation.models.ledger import Account, LedgerCounter, Leg, Transfer
from codesign.compensation.models.pay_rates import PayRate, Promise

__all__ = [
    "Account",
    "LedgerCounter",
    "Leg",
    "PayRate",
    "Promise",
    "Transfer",
]
