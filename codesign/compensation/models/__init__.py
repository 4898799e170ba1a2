"""Tables of this app."""

from codesign.compensation.models.budgets import Budget, BudgetWarning
from codesign.compensation.models.floors import PayFloor
from codesign.compensation.models.ledger import Account, LedgerCounter, Leg, Transfer
from codesign.compensation.models.pay_choices import PayChoice
from codesign.compensation.models.pay_rates import PayRate, Promise
from codesign.compensation.models.payout_methods import PayoutMethod
from codesign.compensation.models.payouts import (
    Payout,
    PayoutBatch,
    PayoutFile,
    PayoutOutcome,
    ResultFile,
)
from codesign.compensation.models.rejections import Appeal, Approval, RejectedWork, Rejection
from codesign.compensation.models.time_checks import TimeCheck

__all__ = [
    "Account",
    "Appeal",
    "Approval",
    "Budget",
    "BudgetWarning",
    "LedgerCounter",
    "Leg",
    "PayChoice",
    "PayFloor",
    "PayRate",
    "Payout",
    "PayoutBatch",
    "PayoutFile",
    "PayoutMethod",
    "PayoutOutcome",
    "Promise",
    "RejectedWork",
    "Rejection",
    "ResultFile",
    "TimeCheck",
    "Transfer",
]
