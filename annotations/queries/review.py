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
    SeenInReview,
)
from annotations.queries.assignments import waiting_seats
from annotations.rules.states import AssignmentState, FlagState, RewriteState
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
    prompt_id: uuid.UUID
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
    rows = _counting(kind, actor, study_id)
    kept_back = _kept_back(actor, study_id)
    return rows if kept_back is None else rows.exclude(kept_back)


def _reviewer(actor: Actor) -> uuid.UUID:
    return actor.user_id or uuid.UUID(int=0)  # the system judges nothing


def _counting(kind: Kind, actor: Actor, study_id: uuid.UUID) -> QuerySet[Any]:
    """Rows that count, of which this reviewer sees those that `_kept_back` leaves.

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


def _kept_back(actor: Actor, study_id: uuid.UUID) -> Q | None:
    """Whether the reviewer may be asked to judge an outer row's prompt, blind until then.

    They may while they hold it or are offered a seat for it. Held-out prompts come back with every
    comparison: they stay back until skipped or given up, else a reviewer would soon be nobody's
    judge. Whatever is shown is noted (`services.reading`) and never given to its reader again, so
    a colleague's lease or a closed round keeps nothing back. None for who judges nothing.
    """
    judge = Member.objects.filter(
        user_id=_reviewer(actor), study_id=study_id, left_at=None, cohort__isnull=False
    ).first()
    if judge is None:
        return None
    prompt = OuterRef("response__prompt")
    offered = waiting_seats(judge).filter(task__prompt=prompt)
    own = Assignment.objects.filter(member=judge, prompt=prompt)
    over = Exists(own.filter(state=AssignmentState.SKIPPED)) | Exists(
        SeenInReview.objects.filter(member=judge, prompt=prompt)
    )
    comes_back = Q(response__prompt__held_out=True) & ~over
    return Q(Exists(offered)) | Q(Exists(own.filter(state=AssignmentState.LEASED))) | comes_back


def _waiting(kind: Kind) -> Q:
    return Q(state__in=WAITING_REWRITE if kind is Kind.REWRITES else WAITING_FLAG)


def counts(*, actor: Actor, study_id: uuid.UUID) -> Counts:
    """How much waits of each kind, and how much was decided; three queries."""
    waiting, decided, later = {}, 0, 0
    kept_back = _kept_back(actor, study_id)
    hidden = Value(False) if kept_back is None else kept_back
    for kind in Kind:
        rows = _counting(kind, actor, study_id).annotate(hidden=hidden)
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


def next_kept_back(*, actor: Actor, study_id: uuid.UUID, kind: Kind) -> Item | None:
    """The next that waits for a review and that its reviewer may yet judge, but holds not now."""
    kept_back = _kept_back(actor, study_id)
    if kept_back is None:
        return None
    held = Assignment.objects.filter(
        member__user_id=_reviewer(actor),
        state=AssignmentState.LEASED,
        prompt=OuterRef("response__prompt"),
    )
    rows = _counting(kind, actor, study_id).filter(kept_back, ~Exists(held), _waiting(kind))
    found = _items(kind, rows.order_by("id")[:1])
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
        prompt_id=F("response__prompt_id"),
        messages=F("response__prompt__messages"),
        language=F("response__prompt__language"),
        topics=F("response__prompt__topics"),
        reply=F("response__text"),
        reply_language=F("response__language"),
        decision_note=Coalesce(_last_decision(kind, "note"), Value("")),
        **own,
    )
    return [Item(kind=kind, **row) for row in found]
