"""Tables of this app."""

from annotations.models.assignments import Assignment, OrderBalance, PayDecision
from annotations.models.imported import ImportedJudgement
from annotations.models.judgements import (
    Flag,
    Judgement,
    ReviewDecision,
    Rewrite,
    SeenInReview,
)
from annotations.models.limits import OwnLimit, StudyLimit
from annotations.models.own_texts import OwnText, OwnTextMove
from annotations.models.prompts import (
    MinhashBucket,
    Prompt,
    Response,
    SplitGroupReason,
    UngroupedResponse,
)
from annotations.models.releases import DatasetRelease, ReleaseMember, Retraction
from annotations.models.rounds import (
    ExpectedAnswer,
    Round,
    RoundCohort,
    RoundCounter,
    RoundFilling,
    Seat,
    Task,
    TaskResponse,
)
from annotations.models.rubrics import Criterion, PassageLabel, Reason, Rubric, RubricText
from annotations.models.topics import StudyTopic, TopicChoice

__all__ = [
    "Assignment",
    "Criterion",
    "DatasetRelease",
    "ExpectedAnswer",
    "Flag",
    "ImportedJudgement",
    "Judgement",
    "MinhashBucket",
    "OrderBalance",
    "OwnLimit",
    "OwnText",
    "OwnTextMove",
    "PassageLabel",
    "PayDecision",
    "Prompt",
    "Reason",
    "ReleaseMember",
    "Response",
    "Retraction",
    "ReviewDecision",
    "Rewrite",
    "Round",
    "RoundCohort",
    "RoundCounter",
    "RoundFilling",
    "Rubric",
    "RubricText",
    "Seat",
    "SeenInReview",
    "SplitGroupReason",
    "StudyLimit",
    "StudyTopic",
    "Task",
    "TaskResponse",
    "TopicChoice",
    "UngroupedResponse",
]
