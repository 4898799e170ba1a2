"""Permissions of help and care."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import Role

HELPLINES = Permission(
    "care.helplines", Scope.STUDY, frozenset({Role.COORDINATOR, Role.SAFETY_LEAD})
)
CHECK_WORDING = Permission("care.check_wording", Scope.STUDY, frozenset({Role.COORDINATOR}))
