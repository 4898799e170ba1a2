"""Tables of this app."""

from codesign.compensation.models.ledger import Account, LedgerCounter, Leg, Transfer
from codesign.compensation.models.pay_rates import PayRate, Promise
from codesign.compensation.models.rejections import Appeal, Approval, RejectedWork, Rejection

__all__ = [
    "Account",
    "Appeal",
    "Approval",
    "LedgerCounter",
    "Leg",
    "PayRate",
    "Promise",
    "RejectedWork",
    "Rejection",
    "Transfer",
]
