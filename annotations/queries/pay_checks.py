"""Reading work whose pay a person looks at before it is credited (decision 20)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from annotations.models import Assignment, PayDecision
from annotations.rules.states import PayCheck
from codesign.shared.actors import Actor
from codesign.shared.counts import up_to_most
from codesign.shared.errors import NotFound
from codesign.studies.models import Member

NEWEST = ("-ended_at", "-id")
SHOWN = 50
"""Pieces that were not paid, with their reasons, on a person's own page."""


class Median(Aggregate):
    """The median, which PostgreSQL calls the continuous percentile at one half."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class HeldOf:
    """What is held of one person, by pseudonym."""

    member_id: uuid.UUID
    pseudonym: str
    pieces: int
    skips: int
    seconds: float
    """Median from shown (or leased) to sent."""
    words: float
    """Median of the words shown."""
    pay: Sequence[tuple[int, str]]
    """(minor units, currency) that they would be paid."""

    @property
    def judged(self) -> int:
        """Those of the pieces that are judgements."""
        return self.pieces - self.skips


@dataclass(frozen=True, slots=True)
class OwnPay:
    """What a person is told of their own pay that is checked."""

    held: int
    pay: Sequence[tuple[int, str]]
    not_paid: Sequence[Assignment]
    """The newest, each with `reason`."""


def held(*, study_id: uuid.UUID) -> QuerySet[Assignment]:
    """Work of a study whose pay nobody has decided on yet."""
    return Assignment.objects.pay_held().filter(study_id=study_id)


def how_many(*, study_id: uuid.UUID) -> tuple[int, int]:
    """(pieces, people) to look at; pieces no further than `shared.counts` does."""
    pieces = up_to_most(held(study_id=study_id))
    people = held(study_id=study_id).aggregate(n=Count("member", distinct=True))["n"]
    return pieces, people


def _took() -> Any:
    since = Coalesce("first_shown_at", "leased_at")
    return ExpressionWrapper(F("ended_at") - since, output_field=DurationField())


def people(*, study_id: uuid.UUID, member_id: uuid.UUID | None = None) -> list[HeldOf]:
    """Everybody of whom something is held, most pieces first; two queries."""
    rows = held(study_id=study_id)
    if member_id:
        rows = rows.filter(member_id=member_id)
    pay: dict[uuid.UUID, list[tuple[int, str]]] = {}
    by_currency = rows.values("member_id", "currency").annotate(minor=Sum("amount_minor"))
    for row in by_currency.order_by("currency"):
        pay.setdefault(row["member_id"], []).append((row["minor"], row["currency"]))
    by_person = (
        rows.annotate(took=_took())
        .values("member_id", "member__pseudonym")
        .annotate(
            pieces=Count("id"),
            skips=Count("id", filter=~Q(skip_reason="")),
            seconds=Median("took", output_field=DurationField()),
            words=Median("words_shown", output_field=FloatField()),
        )
        .order_by("-pieces", "member__pseudonym")
    )
    return [
        HeldOf(
            member_id=row["member_id"],
            pseudonym=row["member__pseudonym"],
            pieces=row["pieces"],
            skips=row["skips"],
            seconds=(row["seconds"] or timedelta()).total_seconds(),
            words=row["words"] or 0,
            pay=pay[row["member_id"]],
        )
        for row in by_person
    ]


def person(*, study_id: uuid.UUID, member_id: uuid.UUID) -> Member:
    """One person of a study, also one who has left: what they did is still decided on."""
    found = Member.objects.filter(study_id=study_id, id=member_id).first()
    if found is None:
        raise NotFound("There is no such person in this study.")
    return found


def pieces(*, study_id: uuid.UUID, member_id: uuid.UUID) -> QuerySet[Assignment]:
    """What is held of one person, with `took` and `why`."""
    why = PayDecision.objects.filter(assignment=OuterRef("id"), new_state=PayCheck.HELD)
    of_person = held(study_id=study_id).filter(member_id=member_id)
    return of_person.annotate(took=_took(), why=Subquery(why.values("why")[:1]))


def not_paid(*, study_id: uuid.UUID, member_id: uuid.UUID) -> QuerySet[Assignment]:
    """What was not paid of one person's work, newest first, with `reason`."""
    decided = PayDecision.objects.filter(assignment=OuterRef("id"), new_state=PayCheck.NOT_PAID)
    rows = Assignment.objects.filter(
        study_id=study_id, member_id=member_id, pay_check=PayCheck.NOT_PAID
    )
    reasons = rows.annotate(took=_took(), reason=Subquery(decided.values("reason")[:1]))
    return reasons.order_by(*NEWEST)


def newest_end(*, study_id: uuid.UUID, member_id: uuid.UUID) -> Any:
    """When the newest held piece of a person ended: a decision on all counts up to then."""
    of_person = held(study_id=study_id).filter(member_id=member_id)
    return of_person.aggregate(at=Max("ended_at"))["at"]


def of_person(*, actor: Actor, member: Member) -> OwnPay:
    """What the person themselves is told; two queries."""
    if member.user_id != actor.user_id:
        raise NotFound
    mine = held(study_id=member.study_id).filter(member=member)
    rows = list(mine.values("currency").annotate(n=Count("id"), minor=Sum("amount_minor")))
    return OwnPay(
        held=sum(row["n"] for row in rows),
        pay=[(row["minor"], row["currency"]) for row in rows],
        not_paid=list(not_paid(study_id=member.study_id, member_id=member.id)[:SHOWN]),
    )
