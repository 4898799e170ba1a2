"""What waits for a review and what was decided: blind text, whoever reads it.

Neither who wrote a rewrite or report, nor when, nor what else they answered is read from the
database, so that no page can show it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from annotations.models import (
    Assignment,
    Flag,
    Judgement,
    ReviewDecision,
    Rewrite,
    Seat,
    Task,
)
from annotations.rules.states import AssignmentState, FlagState, RewriteState, SeatState
from codesign.shared.actors import Actor
from codesign.studies.models import Member

WAITING_REWRITE = (RewriteState.PENDING,)
WAITING_FLAG = (FlagState.REPORTED, FlagState.TRIAGED)


class Kind(StrEnum):
    """What is reviewed."""

    REWRITES = "rewrites"
    FLAGS = "flags"


@dataclass(frozen=True, slots=True)
class Item:
    """One rewrite or flag with its context, as a reviewer may see it."""

    kind: Kind
    id: uuid.UUID
    state: str
    messages: list[dict[str, str]]
    language: str
    topics: list[str]
    reply: str
    reply_language: str
    example: bool
    rewrite: str = ""
    harm: str = ""
    severity: int = 0
    note: str = ""
    decision_note: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits, and how much was decided."""

    rewrites: int
    flags: int
    decided: int
    later: int = 0
    """How much else waits on prompts that this reviewer may still judge themselves."""

    def of(self, kind: Kind) -> int:
        """How much of that kind waits."""
        return self.rewrites if kind is Kind.REWRITES else self.flags


def _rows(kind: Kind, actor: Actor, study_id: uuid.UUID) -> QuerySet[Any]:
    """Rows that count and that this reviewer may see: none on a prompt that they may yet judge."""
    return _counting(kind, actor, study_id).filter(~Exists(_still_to_judge(_reviewer(actor))))


def _reviewer(actor: Actor) -> uuid.UUID:
    return actor.user_id or uuid.UUID(int=0)  # the system judges nothing


def _counting(kind: Kind, actor: Actor, study_id: uuid.UUID) -> QuerySet[Any]:
    """Rows that count, of which this reviewer sees those that `_still_to_judge` leaves.

    Left out: their own; what somebody wrote whose consent was taken back; withdrawn texts;
    revisions that a later one replaced.
    """
    rows: QuerySet[Any] = Rewrite.objects.all() if kind is Kind.REWRITES else Flag.objects.all()
    newer = Judgement.objects.filter(
        assignment=OuterRef("judgement__assignment"), revision__gt=OuterRef("judgement__revision")
    )
    return rows.filter(
        ~Exists(newer),
        judgement__assignment__study_id=study_id,
        judgement__consent_record__withdrawal=None,
        response__withdrawn_at=None,
        response__prompt__withdrawn_at=None,
    ).exclude(judgement__member__user_id=_reviewer(actor))


def _still_to_judge(reviewer: uuid.UUID) -> QuerySet[Task]:
    """Tasks on the prompt of an outer row that the reviewer may yet judge, blind until then.

    A task counts while their cohort has a seat of it that nobody filled: a seat that is leased may
    become free, a closed round may be opened again. It counts no more once they sent it, or
    skipped its prompt, or all seats of their cohort are filled: then it is never given to them.
    """
    cohorts = Member.objects.filter(user_id=reviewer, left_at=None, cohort__isnull=False)
    own = Assignment.objects.filter(member__user_id=reviewer)
    sent = own.filter(task=OuterRef("id"), state=AssignmentState.SUBMITTED)
    skipped = own.filter(prompt=OuterRef("prompt"), state=AssignmentState.SKIPPED)
    held = own.filter(task=OuterRef("id"), state=AssignmentState.LEASED)
    left = Seat.objects.exclude(state=SeatState.FILLED).filter(
        task=OuterRef("id"), cohort__in=cohorts.values("cohort")
    )
    return Task.objects.filter(
        Exists(left) | Exists(held),
        ~Exists(sent),
        ~Exists(skipped),
        prompt=OuterRef("response__prompt"),
    )


def _waiting(kind: Kind) -> Q:
    return Q(state__in=WAITING_REWRITE if kind is Kind.REWRITES else WAITING_FLAG)


def counts(*, actor: Actor, study_id: uuid.UUID) -> Counts:
    """How much waits of each kind, and how much was decided; two queries."""
    waiting, decided, later = {}, 0, 0
    for kind in Kind:
        rows = _counting(kind, actor, study_id).annotate(
            hidden=Exists(_still_to_judge(_reviewer(actor)))
        )
        found = rows.aggregate(
            waiting=Count("id", filter=_waiting(kind) & Q(hidden=False)),
            decided=Count("id", filter=~_waiting(kind) & Q(hidden=False)),
            later=Count("id", filter=_waiting(kind) & Q(hidden=True)),
        )
        waiting[kind] = found["waiting"]
        decided += found["decided"]
        later += found["later"]
    return Counts(
        rewrites=waiting[Kind.REWRITES], flags=waiting[Kind.FLAGS], decided=decided, later=later
    )


def next_waiting(
    *, actor: Actor, study_id: uuid.UUID, kind: Kind, after: uuid.UUID | None = None
) -> Item | None:
    """The next that waits, by random id, so that its place says nothing about time.

    `after` leaves one for later: the next behind it, from the top again after the last.
    """
    rows = _rows(kind, actor, study_id).filter(_waiting(kind)).order_by("id")
    found = _items(kind, rows.filter(id__gt=after)[:1]) if after else []
    found = found or _items(kind, rows[:1])
    return found[0] if found else None


def item(*, actor: Actor, study_id: uuid.UUID, kind: Kind, item_id: uuid.UUID) -> Item | None:
    """One rewrite or flag, waiting or decided; None where this reviewer may not see it."""
    found = _items(kind, _rows(kind, actor, study_id).filter(id=item_id))
    return found[0] if found else None


class Decided(Sequence[Item]):
    """What was decided, newest decision first, read a slice at a time: three queries each."""

    def __init__(self, *, actor: Actor, study_id: uuid.UUID) -> None:
        self.rows = {
            kind: _rows(kind, actor, study_id).exclude(_waiting(kind)).order_by() for kind in Kind
        }
        rewrites, flags = (
            rows.annotate(decided_at=_last_decision(kind, "created_at")).values_list(
                "id", "decided_at"
            )
            for kind, rows in self.rows.items()
        )
        self.found = rewrites.union(flags, all=True).order_by("-decided_at", "id")

    def __len__(self) -> int:
        """How much was decided; one query."""
        return self.found.count()

    def __getitem__(self, part: Any) -> Any:
        """The items of a slice."""
        ids = [item_id for item_id, _ in self.found[part]]
        items = [item for kind in Kind for item in _items(kind, self.rows[kind].filter(id__in=ids))]
        return sorted(items, key=lambda item: ids.index(item.id))


def _last_decision(kind: Kind, column: str) -> Subquery:
    about = "rewrite" if kind is Kind.REWRITES else "flag"
    log = ReviewDecision.objects.filter(**{about: OuterRef("id")}).order_by("-created_at", "-id")
    return Subquery(log.values(column)[:1])


def _items(kind: Kind, rows: QuerySet[Any]) -> list[Item]:
    """Read the columns that a reviewer may see, and no others."""
    own = {"rewrite": F("text")} if kind is Kind.REWRITES else {}
    plain = [] if kind is Kind.REWRITES else ["harm", "severity", "note"]
    found = rows.values(
        "id",
        "state",
        "example",
        *plain,
        messages=F("response__prompt__messages"),
        language=F("response__prompt__language"),
        topics=F("response__prompt__topics"),
        reply=F("response__text"),
        reply_language=F("response__language"),
        decision_note=Coalesce(_last_decision(kind, "note"), Value("")),
        **own,
    )
    return [Item(kind=kind, **row) for row in found]
