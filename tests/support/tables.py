"""Which tables are append-only."""

from __future__ import annotations

APPEND_ONLY = {
    "annotations.Criterion",
    "annotations.ImportedJudgement",
    "annotations.Judgement",
    "annotations.OwnTextMove",
    "annotations.ReleaseMember",
    "annotations.PayDecision",
    "annotations.Reason",
    "annotations.Retraction",
    "annotations.ReviewDecision",
    "annotations.SeenInReview",
    "annotations.Rubric",
    "annotations.RoundCohort",
    "annotations.RubricText",
    "annotations.TaskResponse",
    "audit.Event",
    "audit.PersonalDetail",
    "audit.Seal",
    "care.CaseMove",
    "compensation.Leg",
    "compensation.PayRate",
    "compensation.Promise",
    "compensation.Transfer",
    "consent.ConsentChoice",
    "consent.ConsentRecord",
    "consent.ConsentVersion",
    "consent.Withdrawal",
    "jobs.JobMove",
    "modelhub.Source",
}
