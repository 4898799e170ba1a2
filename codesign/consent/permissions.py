"""Permissions to read, sign, withdraw and publish consent."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

SIGN = Permission("consent.sign", Scope.STUDY, frozenset(JUDGING))
SEE_OWN_CONSENT = Permission("consent.see_own", Scope.STUDY, frozenset(JUDGING), kept=True)
SEE_TEXTS = Permission(
    "consent.see_texts", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
PUBLISH = Permission("consent.publish", Scope.STUDY, frozenset({Role.COORDINATOR}))
