"""Permissions for prompts, judging, reviews and releases, with the roles that have them."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

ADD_PROMPTS = Permission(
    "annotations.add_prompts", Scope.STUDY, frozenset({Role.COORDINATOR, Role.ML_ENGINEER})
)
SEE_GROUPS = Permission(
    "annotations.see_groups", Scope.STUDY, frozenset({Role.COORDINATOR, Role.ML_ENGINEER})
)
REGROUP = Permission("annotations.regroup", Scope.STUDY, frozenset({Role.COORDINATOR}))
WITHDRAW_TEXTS = Permission("annotations.pull", Scope.STUDY, frozenset({Role.COORDINATOR}))
MANAGE_ROUNDS = Permission("annotations.manage_rounds", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_ROUNDS = Permission(
    "annotations.see_rounds", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
LIST_ROUNDS = Permission(
    "annotations.list_rounds",
    Scope.STUDY,
    frozenset({Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR}),
)
"""For the API: to start a generation run, one has to name the round that it writes for."""
SEE_JUDGEMENTS = Permission(
    "annotations.see_judgements", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
"""Single judgements. ML engineers use releases, which respect consent (standards 7.10)."""
JUDGE = Permission("annotations.judge", Scope.STUDY, frozenset(JUDGING))
JUDGE_OWN = Permission("annotations.judge_own", Scope.OBJECT, frozenset(JUDGING))
SEE_OWN = Permission("annotations.see_own", Scope.STUDY, frozenset(JUDGING), kept=True)
"""What they judged themselves. To correct it, they need JUDGE."""
OWN_TEXTS = Permission(
    "annotations.own_texts", Scope.STUDY, frozenset({*JUDGING, Role.COORDINATOR}), kept=True
)
CHECK_PAY = Permission("annotations.check_pay", Scope.STUDY, frozenset({Role.COORDINATOR}))
SEE_PAY_CHECKS = Permission(
    "annotations.see_pay_checks", Scope.STUDY, frozenset({Role.COORDINATOR, Role.AUDITOR})
)
REQUEST_RELEASE = Permission(
    "annotations.request_release", Scope.STUDY, frozenset({Role.COORDINATOR})
)
"""One coordinator is enough; nobody approves. A command without `--as` may too, as the system."""
DOWNLOAD_RELEASES = Permission(
    "annotations.download_releases", Scope.STUDY, frozenset({Role.COORDINATOR, Role.ML_ENGINEER})
)
SEE_RELEASES = Permission(
    "annotations.see_releases",
    Scope.STUDY,
    frozenset({Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR}),
)
CLEAR_TEXTS = Permission("annotations.clear_texts", Scope.STUDY, frozenset({Role.COORDINATOR}))
REVIEW = Permission(
    "annotations.review", Scope.STUDY, frozenset({Role.COORDINATOR, Role.CLINICIAN})
)
SEE_DECISIONS = Permission(
    "annotations.see_decisions",
    Scope.STUDY,
    frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.AUDITOR}),
)
