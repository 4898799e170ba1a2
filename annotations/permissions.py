"""Who does what with prompts, judging and releases."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

ADD_PROMPTS = Permission(
    "annotations.add_prompts", Scope.STUDY, frozenset({Role.COORDINATOR, Role.ML_ENGINEER})
)
PULL = Permission("annotations.pull", Scope.STUDY, frozenset({Role.COORDINATOR}))
MANAGE_ROUNDS = Permission("annotations.manage_rounds", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_ROUNDS = Permission(
    "annotations.see_rounds", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
JUDGE = Permission("annotations.judge", Scope.STUDY, frozenset(JUDGING))
JUDGE_OWN = Permission("annotations.judge_own", Scope.OBJECT, frozenset(JUDGING))
CHECK_PAY = Permission("annotations.check_pay", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_PAY_CHECKS = Permission(
    "annotations.see_pay_checks", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
REQUEST_RELEASE = Permission(
    "annotations.request_release", Scope.STUDY, frozenset({Role.COORDINATOR})
)
DOWNLOAD_RELEASES = Permission(
    "annotations.download_releases", Scope.STUDY, frozenset({Role.COORDINATOR, Role.ML_ENGINEER})
)
SEE_RELEASES = Permission(
    "annotations.see_releases",
    Scope.STUDY,
    frozenset({Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR}),
)
REVIEW = Permission(
    "annotations.review", Scope.STUDY, frozenset({Role.COORDINATOR, Role.CLINICIAN})
)
SEE_DECISIONS = Permission(
    "annotations.see_decisions",
    Scope.STUDY,
    frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.AUDITOR}),
)
