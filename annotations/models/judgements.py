"""Judgements, rewrites, flags, and the logs of their review."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotations.models.assignments import Assignment
from annotations.models.prompts import Prompt, Response
from annotations.models.querysets import (
    FlagQuerySet,
    JudgementQuerySet,
    RewriteQuerySet,
)
from annotations.rules.states import (
    OPEN_FLAGS,
    OPEN_REWRITES,
    FlagState,
    Harm,
    RewriteState,
)
from codesign.consent.models import ConsentRecord
from codesign.shared.models import PublicModel, append_only, one_of, write_once
from codesign.studies.models import Member, Study


class Judgement(PublicModel):
    """What a member submitted; append-only. A correction is a further revision (decision 34)."""

    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="judgements", db_index=False
    )
    revision = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="Counted from 1. Only the latest counts."
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="judgements", db_index=False
    )
    consent_record = models.ForeignKey(
        ConsentRecord, on_delete=models.PROTECT, related_name="judgements"
    )
    ratings = models.JSONField(default=list, help_text='[{"response","criterion","score"}]')
    turn_ratings = models.JSONField(
        null=True,
        help_text='Of earlier replies, counted from 1: [{"turn","criterion","score"}]; or empty.',
    )
    ranking = models.JSONField(default=list, help_text="Groups of response ids, best first.")
    strength = models.PositiveSmallIntegerField(null=True, blank=True)
    all_harmful = models.BooleanField(default=False)
    highlights = models.JSONField(default=list)
    why = ArrayField(
        models.CharField(max_length=50),
        null=True,
        help_text="Keys of the reasons of the rubric that were chosen; empty for none.",
    )
    comment = models.TextField(blank=True)
    active_ms = models.PositiveIntegerField()
    submitted_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=120)
    body_hash = models.CharField(max_length=64, help_text="Of what was sent, for repeats.")
    example = models.BooleanField(default=False, help_text="Made by seed_judgements.")

    objects = JudgementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["assignment", "revision"], name="judgement_once_per_revision"
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="judgement_revision_from_1"),
            models.CheckConstraint(
                condition=Q(strength=None) | Q(strength__gte=1, strength__lte=3),
                name="judgement_strength_1_to_3",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["member", "-submitted_at"]),
            models.Index(
                fields=["assignment", "revision"],
                condition=Q(revision__gt=1),
                name="judgement_corrected",
            ),
        ]
        triggers: ClassVar = append_only()


class Rewrite(PublicModel):
    """A member's version of a response. Its text never changes; a review changes its state."""

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Of the task."
    )
    judgement = models.ForeignKey(Judgement, on_delete=models.PROTECT, related_name="rewrites")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="rewrites")
    text = models.TextField()
    state = models.CharField(max_length=10, default=RewriteState.PENDING)
    example = models.BooleanField(default=False, help_text="Made by seed_judgements.")

    objects = RewriteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["judgement", "response"], name="rewrite_once"),
            one_of("state", RewriteState, "rewrite_state_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["study", "id"],
                condition=Q(state__in=OPEN_REWRITES),
                name="rewrite_waiting",
            ),
            models.Index(
                fields=["study"],
                condition=Q(state=RewriteState.SENT_BACK),
                name="rewrite_sent_back",
            ),
        ]
        triggers: ClassVar = write_once(
            "study_id", "judgement_id", "response_id", "text", "example"
        )


class Flag(PublicModel):
    """A report of harm. Its content never changes; a review changes its state."""

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Of the task."
    )
    judgement = models.ForeignKey(Judgement, on_delete=models.PROTECT, related_name="flags")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="flags")
    harm = models.CharField(max_length=24)
    severity = models.PositiveSmallIntegerField()
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, default=FlagState.REPORTED)
    example = models.BooleanField(default=False, help_text="Made by seed_judgements.")

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["judgement", "response", "harm"], name="flag_once"),
            one_of("harm", Harm, "flag_harm_known"),
            one_of("state", FlagState, "flag_state_known"),
            models.CheckConstraint(
                condition=Q(severity__gte=1, severity__lte=3), name="flag_severity_1_to_3"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["study", "id"], condition=Q(state__in=OPEN_FLAGS), name="flag_waiting"
            ),
            models.Index(
                fields=["study", "-severity", "-id"],
                condition=Q(state__in=OPEN_FLAGS),
                name="flag_worst",
            ),
        ]
        triggers: ClassVar = write_once(
            "study_id", "judgement_id", "response_id", "harm", "severity", "note", "example"
        )


class SeenInReview(models.Model):
    """A member who read in review what others wrote about a prompt, so they never judge it."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+", db_index=False)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "prompt"], name="seen_in_review_once")
        ]
        triggers: ClassVar = append_only()


class ReviewDecision(PublicModel):
    """The log of reviews: who moved a rewrite or flag from which state to which, and why."""

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Of the task."
    )
    rewrite = models.ForeignKey(
        Rewrite, on_delete=models.PROTECT, null=True, related_name="decisions"
    )
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, null=True, related_name="decisions")
    reviewer = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    old_state = models.CharField(max_length=10)
    new_state = models.CharField(max_length=10)
    note = models.CharField(max_length=500, blank=True)
    example = models.BooleanField(default=False, help_text="Made by seed_judgements.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(rewrite=None, flag__isnull=False) | Q(rewrite__isnull=False, flag=None),
                name="review_of_one_thing",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["study", "-created_at", "-id"], name="decision_newest")
        ]
        triggers: ClassVar = append_only()
