"""Permissions for care. Cases are the safety leads' alone (standards 4.9)."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import JUDGING, Role

HANDLE_CASES = Permission("care.handle_cases", Scope.STUDY, frozenset({Role.SAFETY_LEAD}))
PLAN_CARE = Permission("care.plan", Scope.STUDY, frozenset({Role.SAFETY_LEAD}))
SEE_PLAN = Permission("care.see_plan", Scope.STUDY, frozenset({Role.SAFETY_LEAD, Role.COORDINATOR}))
ASK_FOR_SUPPORT = Permission("care.ask_for_support", Scope.STUDY, frozenset(Role), kept=True)
"""Staff too, as they read the same texts (standards 4.14)."""
HELPLINES = Permission(
    "care.helplines", Scope.STUDY, frozenset({Role.COORDINATOR, Role.SAFETY_LEAD})
)
CHECK_WORDING = Permission("care.check_wording", Scope.STUDY, frozenset({Role.COORDINATOR}))
SAY_MOOD = Permission("care.say_mood", Scope.STUDY, frozenset(JUDGING))
ADJUST = Permission("care.adjust", Scope.STUDY, frozenset(JUDGING), kept=True)
"""How they work, and what they said about how they feel, which they can delete."""
ASK_FOR_CHECK_IN = Permission("care.ask_for_check_in", Scope.STUDY, frozenset(JUDGING))
