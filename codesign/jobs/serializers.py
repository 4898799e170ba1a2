"""How far a job is, in the API."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from rest_framework import serializers

from codesign.jobs.queries import progress_of
from codesign.jobs.rules import JobState

QUEUED: dict[str, Any] = {
    "state": "queued",
    "done": 0,
    "total": 0,
    "share": None,
    "rate": None,
    "seconds_left": None,
    "attempts": 0,
    "cancelling": False,
    "started_at": None,
    "ended_at": None,
    "reason": "",
}
"""The progress of a job that waits, for examples."""


class ProgressSerializer(serializers.Serializer[Any]):
    """How far the job behind a resource is (`jobs.queries.Progress`)."""

    state = serializers.ChoiceField([str(state) for state in JobState])
    done = serializers.IntegerField(min_value=0)
    total = serializers.IntegerField(min_value=0, help_text="0 while unknown.")
    share = serializers.FloatField(
        allow_null=True, help_text="From 0 to 1; empty while the total is unknown."
    )
    rate = serializers.FloatField(
        allow_null=True, help_text="Units per second over the last minute; empty when not running."
    )
    seconds_left = serializers.FloatField(allow_null=True)
    attempts = serializers.IntegerField(min_value=0, help_text="Workers that have started it.")
    cancelling = serializers.BooleanField(help_text="Whether it ends at its next heartbeat.")
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it ended, in words.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Of a job, or of the columns of one that a query was annotated with (`newest_job`)."""
        job = SimpleNamespace(**instance) if isinstance(instance, Mapping) else instance
        return super().to_representation(progress_of(job))
