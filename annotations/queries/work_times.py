"""How long credited judgements took."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from annotations.models import Assignment, Judgement
from codesign.compensation.queries.ledger import credited_between


@dataclass(frozen=True, slots=True)
class Piece:
    """One credited judgement: its person, pay in minor units, and its times."""

    member_id: uuid.UUID
    currency: str
    amount_minor: int
    promised_seconds: int
    active_ms: int


def pieces_of(
    *, study_id: uuid.UUID, cohort_id: uuid.UUID, after: datetime | None, until: datetime
) -> Iterator[Piece]:
    """Yield the judgements of a cohort that were credited in a period, not reversed. One query.

    Skips are not included: their time says nothing about that of judging. A judgement that was
    corrected counts with the time of its first revision.
    """
    credited = credited_between(
        study_id=study_id, about_kind="assignment", after=after, until=until
    )
    first = Judgement.objects.filter(assignment=OuterRef("id"), revision=1)
    rows = (
        Assignment.objects.submitted()
        .by_people()
        .filter(id__in=credited, seat__cohort_id=cohort_id, promised_seconds__gt=0)
        .annotate(active_ms=Subquery(first.values("active_ms")))
        .filter(active_ms__isnull=False)
        .values_list("member_id", "currency", "amount_minor", "promised_seconds", "active_ms")
    )
    for member_id, currency, amount, promised, active in rows.iterator():
        yield Piece(member_id, currency, amount, promised or 0, active)
