"""Queries for reviews of simulated judgements, and for free seats."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from annotations.models import Flag, Rewrite, Seat
from annotations.queries.own_texts import kept_private
from annotations.rules.own_texts import OwnKind
from annotations.rules.states import FlagState, RewriteState, RoundState, SeatState


def rewrites_to_review(*, study_id: uuid.UUID) -> QuerySet[Rewrite]:
    """Return example rewrites that wait for a review."""
    return (
        Rewrite.objects.of_votes()
        .of_latest_revisions()
        .filter(
            example=True,
            judgement__assignment__study_id=study_id,
            state=RewriteState.PENDING,
        )
        .exclude(kept_private(OwnKind.REWRITE))
        .order_by("created_at", "id")
    )


def flags_to_review(*, study_id: uuid.UUID) -> QuerySet[Flag]:
    """Return example flags that wait for a review."""
    return (
        Flag.objects.of_latest_revisions()
        .filter(
            example=True,
            judgement__assignment__study_id=study_id,
            state=FlagState.REPORTED,
        )
        .select_related("response")
        .order_by("created_at", "id")
    )


def free_seats(*, study_id: uuid.UUID) -> int:
    """Return the number of free seats in open rounds."""
    return Seat.objects.filter(
        task__round__study_id=study_id, task__round__state=RoundState.OPEN, state=SeatState.FREE
    ).count()
