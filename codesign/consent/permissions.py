"""Who may read, sign and take back consent, and who publishes it."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

SIGN = Permission("consent.sign", Scope.STUDY, frozenset(JUDGING))
PUBLISH = Permission("consent.publish", Scope.STUDY, frozenset({Role.COORDINATOR}))
