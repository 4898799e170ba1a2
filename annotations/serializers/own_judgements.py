"""Serializers of a person's own finished work."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.contract.draft import SubmissionDraft
from annotations.queries import assignments
from annotations.queries import own_judgements as queries
from annotations.queries.own_judgements import OwnJudgement, OwnWork
from annotations.rules.own_judgements import Earned, Settled
from annotations.rules.states import SkipReason
from annotations.serializers.judging import AssignmentSerializer, PaySerializer, SupportSerializer
from codesign.shared.serializers import Shape


class OwnWorkSerializer(serializers.Serializer[OwnWork]):
    """One assignment that you judged or skipped."""

    id = serializers.UUIDField(help_text="Of the assignment.")
    asked = serializers.CharField(
        help_text="What the prompt asks last; empty if you never opened the text."
    )
    sent_at = serializers.DateTimeField()
    revisions = serializers.IntegerField(help_text="Times that you sent answers; 0 for a skip.")
    skip_reason = serializers.ChoiceField(
        ["", *map(str, SkipReason)], source="assignment.skip_reason"
    )
    pay = PaySerializer(source="assignment")
    earned = serializers.ChoiceField(
        [str(one) for one in Earned], help_text="What became of the pay."
    )


@extend_schema_field(SubmissionDraft)  # type: ignore[arg-type]  # the stubs know no pydantic models
class AnswersField(serializers.JSONField):
    """The latest answers, as in a submission."""


class OwnJudgementSerializer(serializers.Serializer[OwnJudgement]):
    """One piece of own work with the latest answers."""

    work = OwnWorkSerializer()
    assignment = serializers.SerializerMethodField()
    answers = serializers.SerializerMethodField()
    settled = serializers.ChoiceField(
        [str(one) for one in Settled],
        allow_null=True,
        help_text="Why the answers can no longer be corrected, or null.",
    )

    @extend_schema_field(AssignmentSerializer)
    def get_assignment(self, own: OwnJudgement) -> Any:
        """Return the assignment as it was shown."""
        shown = assignments.shown(actor=self.context["actor"], assignment=own.work.assignment)
        return shown | {"draft": None}

    @extend_schema_field(AnswersField(allow_null=True))
    def get_answers(self, own: OwnJudgement) -> Any:
        """Return the latest answers; null for a skip."""
        return queries.as_sent(judgement=own.judgement) if own.judgement else None


class CorrectedSerializer(Shape):
    """A stored correction."""

    judgement = serializers.UUIDField()
    revision = serializers.IntegerField()
    kept_flags = serializers.IntegerField(
        help_text="Reports that the correction left out and that stay: a reviewer upheld them."
    )
    support = SupportSerializer(required=False, help_text="Present only if what was sent needs it.")
