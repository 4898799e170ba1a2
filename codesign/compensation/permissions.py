"""Permissions to set and see pay."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

SET_PAY = Permission("compensation.set_pay", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_PAY = Permission(
    "compensation.see_pay", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
SEE_OWN_PAY = Permission("compensation.see_own", Scope.STUDY, frozenset(JUDGING), kept=True)
PAY_OUT = Permission("compensation.pay_out", Scope.STUDY, frozenset({Role.COORDINATOR}))
CHOOSE_METHOD = Permission("compensation.choose_method", Scope.STUDY, frozenset(JUDGING), kept=True)
