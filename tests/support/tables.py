"""Which tables are append-only, and what would switch a plain trigger off."""

from __future__ import annotations

APPEND_ONLY = {
    "annotations.Criterion",
    "annotations.ImportedJudgement",
    "annotations.Judgement",
    "annotations.OwnTextMove",
    "annotations.ReleaseMember",
    "annotations.PayDecision",
    "annotations.PassageLabel",
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
    "compensation.Approval",
    "compensation.Budget",
    "compensation.BudgetWarning",
    "compensation.Leg",
    "compensation.PayChoice",
    "compensation.PayFloor",
    "compensation.PayRate",
    "compensation.Promise",
    "compensation.TimeCheck",
    "compensation.ResultFile",
    "compensation.Transfer",
    "consent.ConsentChoice",
    "consent.ConsentRecord",
    "consent.ConsentVersion",
    "consent.Withdrawal",
    "jobs.JobMove",
    "modelhub.Source",
}

IGNORED = "SELECT set_config('pgtrigger.ignore', array_agg(tgname)::text, false) FROM pg_trigger"
"""Asks pgtrigger to ignore every trigger for the rest of the session."""
