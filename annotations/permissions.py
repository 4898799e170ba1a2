"""Who does what with prompts, judging and releases."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import Role

ADD_PROMPTS = Permission(
    "annotations.add_prompts", Scope.STUDY, frozenset({Role.COORDINATOR, Role.ML_ENGINEER})
)
