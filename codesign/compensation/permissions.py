"""Permissions to set and see pay."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

SET_PAY = Permission("compensation.set_pay", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_PAY = Permission(
    "compensation.see_pay", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
REVIEW_WORK = Permission("compensation.review_work", Scope.STUDY, frozenset({Role.COORDINATOR}))
"""Approve work, propose to reject it, and confirm what another coordinator proposed."""
SEE_REVIEW = Permission(
    "compensation.see_review", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
DECIDE_APPEALS = Permission(
    "compensation.decide_appeals", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
"""An auditor decides only where every coordinator took part in the rejection (decision 48)."""
CHOOSE_PAY = Permission("compensation.choose_pay", Scope.STUDY, frozenset(JUDGING))
SEE_OWN_PAY = Permission("compensation.see_own", Scope.STUDY, frozenset(JUDGING), kept=True)
PAY_OUT = Permission("compensation.pay_out", Scope.STUDY, frozenset({Role.COORDINATOR}))
CHOOSE_METHOD = Permission("compensation.choose_method", Scope.STUDY, frozenset(JUDGING), kept=True)
