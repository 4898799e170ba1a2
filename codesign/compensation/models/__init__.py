"""Tables of this app."""

from codesign.compensation.models.ledger import Account, LedgerCounter, Leg, Transfer
from codesign.compensation.models.pay_rates import PayRate, Promise
from codesign.compensation.models.payout_methods import PayoutMethod
from codesign.compensation.models.payouts import (
    Payout,
    PayoutBatch,
    PayoutFile,
    PayoutOutcome,
    ResultFile,
)

__all__ = [
    "Account",
    "LedgerCounter",
    "Leg",
    "PayRate",
    "Payout",
    "PayoutBatch",
    "PayoutFile",
    "PayoutMethod",
    "PayoutOutcome",
    "Promise",
    "ResultFile",
    "Transfer",
]
