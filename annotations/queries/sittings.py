"""How a sitting is going, for the person who sits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from annotations.models import Assignment, Prompt, Task
from annotations.rules.states import AssignmentState
from codesign.shared.actors import Actor
from codesign.shared.written import Written
from codesign.studies.models import Member

PAID = Q(state=AssignmentState.SUBMITTED) | Q(state=AssignmentState.SKIPPED, skip_paid=True)
ENDED = Q(state__in=[AssignmentState.SUBMITTED, AssignmentState.SKIPPED])


@dataclass(frozen=True, slots=True)
class Sitting:
    """What was done and earned (minor units) since the last longer pause."""

    done: int
    earned: int
    currency: str


def _own(member_id: uuid.UUID) -> QuerySet[Assignment]:
    """A member's assignments without examples, which they neither did nor earned.

    The index by member serves it.
    """
    return Assignment.objects.filter(member_id=member_id, example=False)


@Written
def _sums(member_id: uuid.UUID, sitting: uuid.UUID) -> QuerySet[Assignment, tuple[Any, ...]]:
    done, earned = Count("id", filter=ENDED), Sum("amount_minor", filter=PAID, default=0)
    sums = _own(member_id).filter(sitting=sitting).values("currency")
    sums = sums.annotate(done=done, earned=earned).order_by("-done")
    return sums.values_list("done", "earned", "currency")[:1]


def sitting(*, actor: Actor, member: Member, sitting_id: uuid.UUID) -> Sitting:
    """One sitting of the actor; one query. A sitting is paid in one currency."""
    if member.user_id != actor.user_id:
        return Sitting(0, 0, "")
    rows = _sums.rows(member_id=member.id, sitting=sitting_id)
    return Sitting(*rows[0]) if rows else Sitting(0, 0, "")


def last_sitting(*, actor: Actor, member: Member) -> Sitting:
    """The sitting of what a person was given last."""
    last = _own(member.id).order_by("-leased_at").values_list("sitting", flat=True).first()
    return sitting(actor=actor, member=member, sitting_id=last) if last else Sitting(0, 0, "")


def more_to_come(*, actor: Actor, member: Member) -> bool:
    """Whether prompts of the study still wait for their replies to be put into a task."""
    if member.user_id != actor.user_id:
        return False
    tasks = Task.objects.filter(prompt=OuterRef("id"))
    return Prompt.objects.filter(
        ~Exists(tasks), study_id=member.study_id, held_out=False, withdrawn_at=None
    ).exists()
