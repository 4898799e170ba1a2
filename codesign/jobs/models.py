"""Jobs. They point at nothing by foreign key: what they are about belongs to other apps."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from codesign.jobs.rules import UNFINISHED, JobState
from codesign.shared.models import PublicModel, append_only, one_of


class Job(PublicModel):
    """One piece of long work. This row is the truth; a message only tells a worker to look."""

    kind = models.CharField(max_length=40, help_text="A kind of `jobs.registry`.")
    subject_id = models.UUIDField(help_text="What the job is about; its kind says which table.")
    label = models.CharField(max_length=200, blank=True, help_text="The subject, in words.")
    study_id = models.UUIDField(null=True)
    requested_by_id = models.UUIDField(null=True, help_text="User id; empty for the system.")
    state = models.CharField(max_length=10, default=JobState.QUEUED)
    waits = models.BooleanField(default=True, help_text="Whether a worker is needed now.")
    due_at = models.DateTimeField(default=timezone.now, help_text="No worker claims it earlier.")
    call = models.PositiveIntegerField(
        default=0, help_text="Number of the last message; one with another number is void."
    )
    called_at = models.DateTimeField(
        null=True, help_text="When that message was sent; empty once a worker has answered."
    )
    attempts = models.PositiveIntegerField(
        default=0, help_text="Claims since it was queued by a person or last got further."
    )
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0, help_text="0 while unknown.")
    samples = models.JSONField(default=list, help_text="[[seconds, done], …] of the last minute.")
    cursor = models.CharField(max_length=120, blank=True, help_text="Where its runner continues.")
    cancel_requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True, help_text="When it was first claimed.")
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it ended, in words.")

    class Meta:
        constraints: ClassVar = [
            one_of("state", JobState, "job_state_known"),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=Q(state__in=[str(state) for state in UNFINISHED]),
                name="job_one_unfinished",
            ),
            models.CheckConstraint(
                condition=Q(waits=False) | Q(state__in=[str(state) for state in UNFINISHED]),
                name="job_ended_needs_no_worker",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "-created_at"], name="job_of_subject"),
            models.Index(fields=["study_id", "-created_at", "-id"], name="job_history"),
            models.Index(fields=["due_at"], condition=Q(waits=True), name="job_waiting"),
        ]


class Claim(models.Model):
    """One worker at one part of a job. Its id fences: without this row nothing is kept.

    Most kinds have one part, 0. A kind that several workers may do at once numbers its parts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="claims")
    part = models.PositiveBigIntegerField(default=0)
    heartbeat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "part"], name="claim_one_worker_a_part")
        ]


class JobMove(models.Model):
    """That a job went from one state to another."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="moves")
    at = models.DateTimeField(auto_now_add=True)
    actor_id = models.UUIDField(null=True, help_text="User id; empty for the system.")
    old = models.CharField(max_length=10, blank=True)
    new = models.CharField(max_length=10)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        triggers: ClassVar = append_only()
