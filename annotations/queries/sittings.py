"""How a sitting is going, for the person who sits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from annotations.models import Assignment
from annotations.models.querysets import ENDED, PAID, PAY_HELD
from codesign.shared.actors import Actor
from codesign.shared.compiled_queries import CompiledQuery
from codesign.studies.models import Member

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""Earlier than any lease."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """What was done and earned (minor units) since the last longer pause.

    `checked`: what comes to it if those who check held pay agree.
    """

    done: int
    earned: int
    currency: str
    checked: int = 0


def _own(member_id: uuid.UUID) -> QuerySet[Assignment]:
    """A member's assignments without examples, which they neither did nor earned.

    The index by member serves it.
    """
    return Assignment.objects.by_people().filter(member_id=member_id)


@CompiledQuery
def _sums(
    member_id: uuid.UUID, sitting: uuid.UUID, leased_at: datetime
) -> QuerySet[Assignment, tuple[Any, ...]]:
    """Of the sitting to which the lease of that time belongs.

    Leases of a sitting follow one another, so it began after the last one of another sitting; to
    look no further back keeps it as quick for who has judged for months.
    """
    others = _own(member_id).exclude(sitting=sitting).filter(leased_at__lt=leased_at)
    before = Subquery(others.order_by("-leased_at").values("leased_at")[:1])
    done, earned = Count("id", filter=ENDED), Sum("amount_minor", filter=PAID, default=0)
    checked = Sum("amount_minor", filter=PAY_HELD, default=0)
    mine = _own(member_id).filter(sitting=sitting, leased_at__gt=Coalesce(before, BEFORE_ALL))
    sums = (
        mine.values("currency")
        .annotate(done=done, earned=earned, checked=checked)
        .order_by("-done")
    )
    return sums.values_list("done", "earned", "currency", "checked")[:1]


def sitting_of(*, actor: Actor, assignment: Assignment) -> Sitting:
    """The sitting of something that the actor was given; one query. It is paid in one currency."""
    if assignment.member.user_id != actor.user_id:
        return Sitting(0, 0, "")
    rows = _sums.rows(
        member_id=assignment.member_id, sitting=assignment.sitting, leased_at=assignment.leased_at
    )
    return Sitting(*rows[0]) if rows else Sitting(0, 0, "")


def last_sitting(*, actor: Actor, member: Member) -> Sitting:
    """The sitting of what a person was given last."""
    last = _own(member.id).select_related("member").order_by("-leased_at").first()
    return sitting_of(actor=actor, assignment=last) if last else Sitting(0, 0, "")
