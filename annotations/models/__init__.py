"""Tables of the judging."""

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
from annotations.models.prompts import (
    Criterion,
    Prompt,
    Response,
    Rubric,
    RubricText,
    SketchBucket,
)
from annotations.models.releases import DatasetRelease, ReleaseMember, Retraction
from annotations.models.rounds import (
    Round,
    RoundCohort,
    RoundFilling,
    RoundOffering,
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
    "RoundOffering",
    "RoundTally",
    "Rubric",
    "RubricText",
    "Seat",
    "SeenInReview",
    "SketchBucket",
    "Task",
    "TaskResponse",
]
