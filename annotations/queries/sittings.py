"""How a sitting is going, for the person who sits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from annotations.models import Assignment, Prompt, Task
from annotations.rules.states import AssignmentState
from codesign.shared.actors import Actor
from codesign.studies.models import Member

PAID = Q(state=AssignmentState.SUBMITTED) | Q(state=AssignmentState.SKIPPED, skip_paid=True)
ENDED = Q(state__in=[AssignmentState.SUBMITTED, AssignmentState.SKIPPED])


@dataclass(frozen=True, slots=True)
class Sitting:
    """What was done and earned (minor units) since the last longer pause."""

    done: int
    earned: int
    currency: str


def _own(actor: Actor, member: Member) -> QuerySet[Assignment]:
    """A member's assignments, for themselves, without examples, which they neither did nor earned.

    The index by member serves it.
    """
    mine = Assignment.objects.filter(member=member, example=False)
    return mine if member.user_id == actor.user_id else mine.none()


def sitting(*, actor: Actor, member: Member, sitting_id: uuid.UUID) -> Sitting:
    """One sitting of the actor; one query. A sitting is paid in one currency."""
    found = (
        _own(actor, member)
        .filter(sitting=sitting_id)
        .values("currency")
        .annotate(
            done=Count("id", filter=ENDED), earned=Sum("amount_minor", filter=PAID, default=0)
        )
        .order_by("-done")
        .first()
    )
    if found is None:
        return Sitting(done=0, earned=0, currency="")
    return Sitting(done=found["done"], earned=found["earned"], currency=found["currency"])


def last_sitting(*, actor: Actor, member: Member) -> Sitting:
    """The sitting of what a person was given last."""
    last = _own(actor, member).order_by("-leased_at").values_list("sitting", flat=True).first()
    return sitting(actor=actor, member=member, sitting_id=last) if last else Sitting(0, 0, "")


def more_to_come(*, actor: Actor, member: Member) -> bool:
    """Whether prompts of the study still wait for their replies to be put into a task."""
    if member.user_id != actor.user_id:
        return False
    tasks = Task.objects.filter(prompt=OuterRef("id"))
    return Prompt.objects.filter(
        ~Exists(tasks), study_id=member.study_id, held_out=False, withdrawn_at=None
    ).exists()
