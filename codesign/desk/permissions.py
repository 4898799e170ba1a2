"""Permissions for pages that span apps."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import Role

SEE_JOBS = Permission(
    "desk.see_jobs",
    Scope.STUDY,
    frozenset({Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR}),
)
SEE_AUDIT = Permission("desk.see_audit", Scope.STUDY, frozenset({Role.AUDITOR}))
