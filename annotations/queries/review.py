"""Queries for reviews, waiting and decided. Reviews are blind.

The author of a rewrite or flag, its time and the author's other answers are never read from the
database, so no page can show them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from annotations.models import (
    Assignment,
    Flag,
    ReviewDecision,
    Rewrite,
    SeenInReview,
)
from annotations.models.querysets import FlagQuerySet, RewriteQuerySet
from annotations.queries.assignments import coming_seats
from annotations.queries.own_texts import kept_private
from annotations.rules.own_texts import OwnKind
from annotations.rules.topics import needs_note
from codesign.consent.models import Withdrawal
from codesign.shared.actors import Actor
from codesign.shared.counts import AT_MOST, AtLeast, sum_of, up_to_most
from codesign.studies.models import Member

Reviewed = RewriteQuerySet | FlagQuerySet
NEWEST = ("-created_at", "-id")
LOOKED_AT = AT_MOST * 3 // 2
"""Waiting rows that a count reads at a time. More than `AT_MOST`, because some do not count."""


class Kind(StrEnum):
    """The kind of review."""

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
    intensity: int
    rewrite: str = ""
    harm: str = ""
    severity: int = 0
    note: str = ""
    decision_note: str = ""

    def is_covered(self, *, unwanted: Collection[str]) -> bool:
        """Return whether only its content note is shown, until the reader opens it.

        `unwanted` are the topics that the reader never wants to see, or to be asked about.
        """
        asked_first = not set(unwanted).isdisjoint(self.topics)
        return needs_note(intensity=self.intensity, asked_first=asked_first)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of waiting and decided reviews, up to the limit of `shared.counts`."""

    rewrites: int
    flags: int
    decided: int
    later: int = 0
    """Number of waiting reviews on prompts that this reviewer may still judge."""
    later_flags: int = 0
    """Those of them that are reports of harm."""

    def of(self, kind: Kind) -> int:
        """Return the number of waiting reviews of a kind."""
        return self.rewrites if kind is Kind.REWRITES else self.flags


def _rows(kind: Kind, actor: Actor, study_id: uuid.UUID) -> Reviewed:
    """Return the rows that this reviewer may see: none on prompts that they may still judge."""
    rows = _counting(kind, actor, study_id)
    kept_back = _kept_back(actor, study_id)
    return rows if kept_back is None else rows.exclude(kept_back)


def _reviewer(actor: Actor) -> uuid.UUID:
    return actor.user_id or uuid.UUID(int=0)  # the system judges nothing


def _counting(kind: Kind, actor: Actor, study_id: uuid.UUID) -> Reviewed:
    """Return the rows to review, including those that `_kept_back` hides for now.

    Excluded are the reviewer's own rows, rows whose author withdrew consent or replaced them by a
    correction, withdrawn texts, and texts that only their author sees.
    """
    # A subquery: with a join, the planner may start with all signatures of the study.
    taken_back = Withdrawal.objects.filter(record=OuterRef("judgement__consent_record"))
    rows = _table(kind).of_texts_in_use().of_latest_revisions()
    if isinstance(rows, RewriteQuerySet):  # those that may become training data
        rows = rows.of_votes().filter(
            ~kept_private(OwnKind.REWRITE), response__prompt__held_out=False
        )
    counting = rows.filter(~Exists(taken_back), study_id=study_id)
    return counting.exclude(judgement__member__user_id=_reviewer(actor))


def _kept_back(actor: Actor, study_id: uuid.UUID) -> Q | None:
    """Return the condition that the reviewer may still be asked to judge the row's prompt.

    They may while they have a lease on it or a seat for it is offered to them. Held-out prompts are
    used in every evaluation, so they are kept back until the reviewer skips them or gives up
    judging them. Prompts that were shown in review are recorded (`services.review_access`) and
    never assigned to the reader, so a colleague's lease or a closed round keeps nothing back.
    Returns None if the reviewer does not judge.
    """
    members = Member.objects.current().filter(study_id=study_id, cohort__isnull=False)
    judge = members.filter(user_id=_reviewer(actor)).first()
    if judge is None:
        return None
    prompt = OuterRef("response__prompt")
    offered = coming_seats(judge).filter(task__prompt=prompt)
    own = Assignment.objects.filter(member=judge, prompt=prompt)
    over = Exists(own.skipped_for_good()) | Exists(
        SeenInReview.objects.filter(member=judge, prompt=prompt)
    )
    comes_back = Q(response__prompt__held_out=True) & ~over
    return Q(Exists(offered)) | Q(Exists(own.leased())) | comes_back


def _table(kind: Kind) -> Reviewed:
    return Rewrite.objects.all() if kind is Kind.REWRITES else Flag.objects.all()


def _among(rows: QuerySet[Any], wanted: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of `rows` that are in `wanted`, checked row by row.

    A subquery for each row instead of a join: the planner underestimates so many conditions and
    would read all judgements to find one page.
    """
    match = Subquery(wanted.order_by().filter(id=OuterRef("id")).values("id")[:1])
    return rows.alias(match=match).filter(match__isnull=False)


def _waiting_rows(kind: Kind, study_id: uuid.UUID) -> QuerySet[Any]:
    """Return all waiting rows of a study, in the order of their partial index."""
    return _table(kind).open().filter(study_id=study_id).order_by("id")


def counts(*, actor: Actor, study_id: uuid.UUID) -> Counts:
    """Return the numbers of waiting reviews by kind and of decided ones; at most four queries."""
    kept_back = _kept_back(actor, study_id)
    seen, later = {}, {}
    for kind in Kind:
        seen[kind], later[kind] = _waiting_for(kind, actor, study_id, kept_back)
    return Counts(
        rewrites=seen[Kind.REWRITES],
        flags=seen[Kind.FLAGS],
        decided=up_to_most(decisions(actor=actor, study_id=study_id)),
        later=sum_of(later.values()),
        later_flags=later[Kind.FLAGS],
    )


def _waiting_for(
    kind: Kind, actor: Actor, study_id: uuid.UUID, kept_back: Q | None
) -> tuple[int, int]:
    """Return the numbers of waiting rows that this reviewer may see, and that are kept back.

    One query, and one more for every `LOOKED_AT` rows that do not count. Only the first rows of
    thousands are read, because checking whether a prompt is offered to the reviewer takes a
    subquery for each row.
    """
    counting = _counting(kind, actor, study_id).filter(id=OuterRef("id")).order_by()
    kept = ExpressionWrapper(kept_back or Q(id=None), output_field=BooleanField())
    rows = _waiting_rows(kind, study_id).annotate(
        kept=Subquery(counting.annotate(kept=kept).values("kept")[:1])
    )
    kept_back_flags: list[bool] = []
    batch, more = rows.values_list("id", "kept"), True
    while more and len(kept_back_flags) < AT_MOST:
        looked_at = list(batch[:LOOKED_AT])
        kept_back_flags += [kept for _id, kept in looked_at if kept is not None]
        more = len(looked_at) == LOOKED_AT
        batch = batch.filter(id__gt=looked_at[-1][0]) if more else batch
    number = AtLeast if more else int
    return number(kept_back_flags.count(False)), number(kept_back_flags.count(True))


def next_waiting(
    *, actor: Actor, study_id: uuid.UUID, kind: Kind, after: uuid.UUID | None = None
) -> Item | None:
    """Return the next waiting item, ordered by random id, which reveals nothing about time.

    `after` skips an item for now: the search starts after it and wraps around at the end.
    """
    rows = _among(_waiting_rows(kind, study_id), _rows(kind, actor, study_id))
    return _first(kind, rows.filter(id__gt=after) if after else rows) or _first(kind, rows)


def _first(kind: Kind, rows: QuerySet[Any]) -> Item | None:
    row_id = rows.values_list("id", flat=True).first()
    return _items(kind, _table(kind).filter(id=row_id))[0] if row_id else None


def item(*, actor: Actor, study_id: uuid.UUID, kind: Kind, item_id: uuid.UUID) -> Item | None:
    """Return a rewrite or flag, waiting or decided; None if this reviewer may not see it."""
    items = _items(kind, _rows(kind, actor, study_id).filter(id=item_id))
    return items[0] if items else None


def next_kept_back(*, actor: Actor, study_id: uuid.UUID, kind: Kind) -> Item | None:
    """Return the next item that is kept back from its reviewer and not leased to them now."""
    kept_back = _kept_back(actor, study_id)
    if kept_back is None:
        return None
    held = Assignment.objects.leased().filter(
        member__user_id=_reviewer(actor), prompt=OuterRef("response__prompt")
    )
    hidden = _counting(kind, actor, study_id).filter(kept_back, ~Exists(held))
    return _first(kind, _among(_waiting_rows(kind, study_id), hidden))


def decisions(*, actor: Actor, study_id: uuid.UUID) -> QuerySet[ReviewDecision]:
    """Return the last decision on each decided item that this reviewer may see, newest first.

    The order is that of an index, so that reading one page is cheap.
    """
    decisions, shown = ReviewDecision.objects.filter(study_id=study_id), Q()
    for kind, name in ((Kind.REWRITES, "rewrite"), (Kind.FLAGS, "flag")):
        rows = _rows(kind, actor, study_id).decided().filter(id=OuterRef(name))
        newer = ReviewDecision.objects.filter(**{name: OuterRef(name)}).filter(
            Q(created_at__gt=OuterRef("created_at"))
            | Q(created_at=OuterRef("created_at"), id__gt=OuterRef("id"))
        )
        decisions = decisions.alias(**{f"{name}_seen": Subquery(rows.order_by().values("id")[:1])})
        shown |= Q(**{f"{name}_seen__isnull": False}) & ~Q(Exists(newer))
    return decisions.filter(shown).order_by(*NEWEST)


def decisions_on(
    *, actor: Actor, kind: Kind, item_id: uuid.UUID
) -> QuerySet[ReviewDecision, uuid.UUID]:
    """Return the ids of the actor's decisions on a rewrite or flag, for use in other queries."""
    about = Q(rewrite=item_id) if kind is Kind.REWRITES else Q(flag=item_id)
    own = ReviewDecision.objects.filter(about, reviewer__user_id=_reviewer(actor))
    return own.values_list("id", flat=True)


def items_of(
    *, actor: Actor, study_id: uuid.UUID, decisions: Iterable[ReviewDecision]
) -> list[Item]:
    """Return the items of these decisions, in order; two queries."""
    about = [id for one in decisions if (id := one.rewrite_id or one.flag_id)]
    rows = (
        _items(kind, _among(_table(kind).filter(id__in=about), _rows(kind, actor, study_id)))
        for kind in Kind
    )
    return sorted(chain(*rows), key=lambda item: about.index(item.id))


WORST_FIRST = {Kind.FLAGS: ("-severity", "-id"), Kind.REWRITES: ("-id",)}
"""Rewrites have no severity; their order by a random id says nothing about time."""


def listed(
    *,
    actor: Actor,
    study_id: uuid.UUID,
    kind: Kind,
    state: str = "",
    language: str = "",
    cohort_id: uuid.UUID | None = None,
) -> QuerySet[Any]:
    """Return the rows that this reviewer may see, the worst first: waiting ones, or of a state."""
    rows: QuerySet[Any] = _table(kind).filter(study_id=study_id)
    rows = rows.filter(state=state) if state else _table(kind).open().filter(study_id=study_id)
    if language:
        rows = rows.filter(response__language=language)
    if cohort_id:
        rows = rows.filter(judgement__assignment__seat__cohort=cohort_id)
    return _among(rows, _rows(kind, actor, study_id)).order_by(*WORST_FIRST[kind])


def languages(*, study_id: uuid.UUID, kind: Kind) -> list[str]:
    """Return the languages of what waits, of the first `LOOKED_AT` rows in their random order."""
    waiting = _waiting_rows(kind, study_id)[:LOOKED_AT]
    return sorted(set(waiting.values_list("response__language", flat=True)))


def items_listed(
    *, actor: Actor, study_id: uuid.UUID, kind: Kind, ids: Sequence[uuid.UUID]
) -> list[Item]:
    """Return those of these items that this reviewer may see, in order; one query."""
    rows = _among(_table(kind).filter(id__in=ids), _rows(kind, actor, study_id))
    return sorted(_items(kind, rows), key=lambda item: ids.index(item.id))


def _last_note(kind: Kind) -> Subquery:
    about = "rewrite" if kind is Kind.REWRITES else "flag"
    log = ReviewDecision.objects.filter(**{about: OuterRef("id")}).order_by("-created_at", "-id")
    return Subquery(log.annotate(shown=_unless_private(OwnKind.REVIEW_NOTE)).values("shown")[:1])


def _unless_private(kind: OwnKind) -> Case:
    """Return the note of a row; an empty one if only its author may see it."""
    return Case(
        When(kept_private(kind), then=Value("")), default=F("note"), output_field=TextField()
    )


def _items(kind: Kind, rows: QuerySet[Any]) -> list[Item]:
    """Read only the columns that a reviewer may see."""
    own: dict[str, Any] = {"rewrite": F("text")}
    plain: list[str] = []
    if kind is Kind.FLAGS:
        own, plain = {"shown_note": _unless_private(OwnKind.FLAG_NOTE)}, ["harm", "severity"]
    columns = rows.values(
        "id",
        "state",
        "example",
        *plain,
        prompt_id=F("response__prompt_id"),
        messages=F("response__prompt__messages"),
        language=F("response__prompt__language"),
        topics=F("response__prompt__topics"),
        intensity=F("response__prompt__intensity"),
        reply=F("response__text"),
        reply_language=F("response__language"),
        decision_note=Coalesce(_last_note(kind), Value("", TextField())),
        **own,
    )
    return [Item(kind=kind, note=row.pop("shown_note", ""), **row) for row in columns]
