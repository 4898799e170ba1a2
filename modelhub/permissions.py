"""Permissions of models. Judging roles have none, so that judging stays blind."""

from codesign.shared.access import Permission, Scope
from codesign.studies.rules import Role

_MAKERS = frozenset({Role.COORDINATOR, Role.ML_ENGINEER})

SEE_MODELS = Permission("modelhub.see_models", Scope.STUDY, _MAKERS | {Role.AUDITOR})
SEE_GENERATION = Permission("modelhub.see_generation", Scope.STUDY, _MAKERS | {Role.AUDITOR})
RUN_GENERATION = Permission("modelhub.run_generation", Scope.STUDY, _MAKERS)
IMPORT = Permission("modelhub.import", Scope.STUDY, _MAKERS)
UPLOAD = Permission("modelhub.upload", Scope.STUDY, _MAKERS)
"""Prompts that ML engineers import wait until a coordinator adds them to the open round."""
LET_JUDGE = Permission("modelhub.let_judge", Scope.STUDY, frozenset({Role.COORDINATOR}))
REGISTER_MODEL = Permission("modelhub.register_model", Scope.STUDY, _MAKERS)
TRAIN = Permission("modelhub.train", Scope.STUDY, frozenset({Role.ML_ENGINEER}))
EVALUATE = Permission("modelhub.evaluate", Scope.STUDY, _MAKERS)
EXPORT = Permission("modelhub.export", Scope.STUDY, _MAKERS)
"""Exporting a trained model, to use it outside of Codesign."""
