"""The work and pay of a sitting, for the person themselves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotations.models import Assignment, Rewrite
from annotations.models.querysets import ENDED, PAID, PAY_HELD
from annotations.rules.states import AssignmentState
from codesign.shared.actors import Actor
from codesign.shared.compiled_queries import CompiledQuery
from codesign.studies.models import Member

RECENT = timedelta(hours=12)
"""A session that began its last text longer ago is over, and its end is no longer spoken of."""
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""Earlier than any lease."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """Work done and pay earned (minor units) in a sitting.

    `checked` is held pay, which a person still checks.
    """

    done: int
    earned: int
    currency: str
    checked: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """What a person did in their last sitting.

    `unfinished` is the text that they had opened last, if they stopped before they sent it.
    """

    judged: int
    rewrites: int
    unfinished: uuid.UUID | None


def _own(member_id: uuid.UUID) -> QuerySet[Assignment]:
    """Return a member's assignments without examples, which are not their work; uses an index."""
    return Assignment.objects.by_people().filter(member_id=member_id)


@CompiledQuery
def _sums(
    member_id: uuid.UUID, sitting: uuid.UUID, leased_at: datetime
) -> QuerySet[Assignment, tuple[Any, ...]]:
    """Return the sums of the sitting that the lease at that time belongs to.

    The leases of a sitting are consecutive, so it began after the last lease of another sitting.
    Older leases are not read, so the query stays fast for people who have judged for months.
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
    """Return the sitting of the actor's assignment; one query. A sitting has one currency."""
    if assignment.member.user_id != actor.user_id:
        return Sitting(0, 0, "")
    rows = _sums.rows(
        member_id=assignment.member_id, sitting=assignment.sitting, leased_at=assignment.leased_at
    )
    return Sitting(*rows[0]) if rows else Sitting(0, 0, "")


def last_sitting(*, actor: Actor, member: Member) -> Sitting:
    """Return the sitting of a member's latest assignment."""
    last = _own(member.id).select_related("member").order_by("-leased_at").first()
    return sitting_of(actor=actor, assignment=last) if last else Sitting(0, 0, "")


def session_of(*, actor: Actor, member: Member) -> Session | None:
    """Return the actor's last sitting, or None without a recent one; at most three queries."""
    if member.user_id != actor.user_id:
        return None
    last = _own(member.id).order_by("-leased_at").first()
    if last is None or last.leased_at < timezone.now() - RECENT:
        return None
    mine = _own(member.id).filter(sitting=last.sitting)
    rewrites = Rewrite.objects.filter(judgement__member=member, judgement__assignment__in=mine)
    stopped = last.state == AssignmentState.EXPIRED and last.later_until is None
    return Session(
        judged=mine.filter(state=AssignmentState.SUBMITTED).count(),
        rewrites=rewrites.values("judgement__assignment", "response").distinct().count(),
        unfinished=last.id if stopped and last.first_shown_at else None,
    )
