"""Queries for work whose pay a person checks before it is credited (decision 20)."""

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
from django.utils.translation import gettext as _

from annotations.models import Assignment, PayDecision
from annotations.rules.states import PayCheck
from codesign.shared.actors import Actor
from codesign.shared.counts import up_to_most
from codesign.shared.errors import NotFound
from codesign.studies.models import Member

NEWEST = ("-ended_at", "-id")


class Median(Aggregate):
    """The median, which PostgreSQL calls the continuous percentile at one half."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class HeldOf:
    """The held work of one person, who appears under their pseudonym."""

    member_id: uuid.UUID
    pseudonym: str
    pieces: int
    skips: int
    seconds: float
    """Median of the seconds from shown (or leased) to sent."""
    words: float
    """Median of the words shown."""
    pay: Sequence[tuple[int, str]]
    """(minor units, currency) that would be paid."""

    @property
    def judged(self) -> int:
        """Return the number of pieces that are judgements."""
        return self.pieces - self.skips


@dataclass(frozen=True, slots=True)
class OwnPay:
    """A person's own held pay."""

    held: int
    pay: Sequence[tuple[int, str]]


def held(*, study_id: uuid.UUID) -> QuerySet[Assignment]:
    """Return the work of a study whose pay waits for a decision."""
    return Assignment.objects.pay_held().filter(study_id=study_id)


def how_many(*, study_id: uuid.UUID) -> tuple[int, int]:
    """Return (pieces, people) to check. Pieces are counted up to the limit of `shared.counts`."""
    pieces = up_to_most(held(study_id=study_id))
    people = held(study_id=study_id).aggregate(n=Count("member", distinct=True))["n"]
    return pieces, people


def _took() -> Any:
    since = Coalesce("first_shown_at", "leased_at")
    return ExpressionWrapper(F("ended_at") - since, output_field=DurationField())


def people(*, study_id: uuid.UUID, member_id: uuid.UUID | None = None) -> list[HeldOf]:
    """Return the people with held work, most pieces first; two queries."""
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
    """Return a member of a study, even if they left: their work still needs a decision."""
    member = Member.objects.filter(study_id=study_id, id=member_id).first()
    if member is None:
        raise NotFound(_("This study has no such person."))
    return member


def pieces(*, study_id: uuid.UUID, member_id: uuid.UUID) -> QuerySet[Assignment]:
    """Return the held work of a person, with `took` and `why`."""
    why = PayDecision.objects.filter(assignment=OuterRef("id"), new_state=PayCheck.HELD)
    of_person = held(study_id=study_id).filter(member_id=member_id)
    return of_person.annotate(took=_took(), why=Subquery(why.values("why")[:1]))


def newest_end(*, study_id: uuid.UUID, member_id: uuid.UUID) -> Any:
    """Return when the newest held work of a person ended. A decision on all of it ends there."""
    of_person = held(study_id=study_id).filter(member_id=member_id)
    return of_person.aggregate(at=Max("ended_at"))["at"]


def of_person(*, actor: Actor, member: Member) -> OwnPay:
    """Return a person's own pay that is held. One query."""
    if member.user_id != actor.user_id:
        raise NotFound
    mine = held(study_id=member.study_id).filter(member=member)
    rows = list(mine.values("currency").annotate(n=Count("id"), minor=Sum("amount_minor")))
    return OwnPay(
        held=sum(row["n"] for row in rows),
        pay=[(row["minor"], row["currency"]) for row in rows],
    )
