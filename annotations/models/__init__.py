"""Tables of this app."""

from annotations.models.assignments import (
    Assignment,
    Flag,
    Judgement,
    OrderBalance,
    PayDecision,
    ReviewDecision,
    Rewrite,
    SeenInReview,
)
from annotations.models.own_texts import OwnText, OwnTextMove
from annotations.models.prompts import (
    Criterion,
    Prompt,
    Response,
    Rubric,
    RubricText,
    SketchBucket,
    TieReason,
    UntiedResponse,
)
from annotations.models.releases import DatasetRelease, ReleaseMember, Retraction
from annotations.models.rounds import (
    Round,
    RoundCohort,
    RoundFilling,
    RoundTally,
    Seat,
    Task,
    TaskResponse,
)

__all__ = [
    "Assignment",
    "Criterion",
    "DatasetRelease",
    "Flag",
    "Judgement",
    "OrderBalance",
    "OwnText",
    "OwnTextMove",
    "PayDecision",
    "Prompt",
    "ReleaseMember",
    "Response",
    "Retraction",
    "ReviewDecision",
    "Rewrite",
    "Round",
    "RoundCohort",
    "RoundFilling",
    "RoundTally",
    "Rubric",
    "RubricText",
    "Seat",
    "SeenInReview",
    "SketchBucket",
    "Task",
    "TaskResponse",
    "TieReason",
    "UntiedResponse",
]
