"""What waits for a review and what was decided: blind text, whoever reads it.

Neither who wrote a rewrite or report, nor when, nor what else they answered is read from the
database, so that no page can show it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
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
from annotations.queries.assignments import waiting_seats
from annotations.queries.own_texts import kept_private
from annotations.rules.own_texts import OwnKind
from codesign.consent.models import Withdrawal
from codesign.shared.actors import Actor
from codesign.shared.counts import AT_MOST, AtLeast, sum_of, up_to_most
from codesign.studies.models import Member

Reviewed = RewriteQuerySet | FlagQuerySet
NEWEST = ("-created_at", "-id")
LOOKED_AT = AT_MOST * 3 // 2
"""Of what waits, at a time, for a count: some is kept back, or does not count any more."""


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
    """How much waits, and how much was decided; counted no further than `shared.counts` does."""

    rewrites: int
    flags: int
    decided: int
    later: int = 0
    """How much else waits on prompts that this reviewer may still judge themselves."""

    def of(self, kind: Kind) -> int:
        """How much of that kind waits."""
        return self.rewrites if kind is Kind.REWRITES else self.flags


def _rows(kind: Kind, actor: Actor, study_id: uuid.UUID) -> Reviewed:
    """Rows that count and that this reviewer may see: none on a prompt that they may yet judge."""
    rows = _counting(kind, actor, study_id)
    kept_back = _kept_back(actor, study_id)
    return rows if kept_back is None else rows.exclude(kept_back)


def _reviewer(actor: Actor) -> uuid.UUID:
    return actor.user_id or uuid.UUID(int=0)  # the system judges nothing


def _counting(kind: Kind, actor: Actor, study_id: uuid.UUID) -> Reviewed:
    """Rows that count, of which this reviewer sees those that `_kept_back` leaves.

    Left out: their own; what somebody wrote whose consent was taken back; withdrawn texts; texts
    that their author alone sees.
    """
    # as a join, a planner that knows few withdrawals begins with the study's every signature
    taken_back = Withdrawal.objects.filter(record=OuterRef("judgement__consent_record"))
    rows = _table(kind).of_texts_in_use()
    if kind is Kind.REWRITES:  # of a comparison of models nothing is ever learnt
        rows = rows.filter(~kept_private(OwnKind.REWRITE), response__prompt__held_out=False)
    counting = rows.filter(~Exists(taken_back), study_id=study_id)
    return counting.exclude(judgement__member__user_id=_reviewer(actor))


def _kept_back(actor: Actor, study_id: uuid.UUID) -> Q | None:
    """Whether the reviewer may be asked to judge an outer row's prompt, blind until then.

    They may while they hold it or are offered a seat for it. Held-out prompts come back with every
    comparison: they stay back until skipped or given up, else a reviewer would soon be nobody's
    judge. What is shown is recorded (`services.review_access`) and never given to its reader again,
    so a colleague's lease or a closed round keeps nothing back. None for who judges nothing.
    """
    members = Member.objects.current().filter(study_id=study_id, cohort__isnull=False)
    judge = members.filter(user_id=_reviewer(actor)).first()
    if judge is None:
        return None
    prompt = OuterRef("response__prompt")
    offered = waiting_seats(judge).filter(task__prompt=prompt)
    own = Assignment.objects.filter(member=judge, prompt=prompt)
    over = Exists(own.skipped()) | Exists(SeenInReview.objects.filter(member=judge, prompt=prompt))
    comes_back = Q(response__prompt__held_out=True) & ~over
    return Q(Exists(offered)) | Q(Exists(own.leased())) | comes_back


def _table(kind: Kind) -> Reviewed:
    return Rewrite.objects.all() if kind is Kind.REWRITES else Flag.objects.all()


def _among(rows: QuerySet[Any], wanted: QuerySet[Any]) -> QuerySet[Any]:
    """Those of `rows` that are among the `wanted`, looked up one after another.

    As a value for each row and not as a join: the planner takes these many conditions together for
    rarer than they are, and would read all that was ever judged to find one page.
    """
    found = Subquery(wanted.order_by().filter(id=OuterRef("id")).values("id")[:1])
    return rows.alias(found=found).filter(found__isnull=False)


def _waiting_rows(kind: Kind, study_id: uuid.UUID) -> QuerySet[Any]:
    """What waits in a study, whoever may see it, in the order of an index over just that."""
    return _table(kind).open().filter(study_id=study_id).order_by("id")


def counts(*, actor: Actor, study_id: uuid.UUID) -> Counts:
    """How much waits of each kind, and how much was decided; at most four queries."""
    kept_back = _kept_back(actor, study_id)
    seen, later = {}, {}
    for kind in Kind:
        seen[kind], later[kind] = _waiting_for(kind, actor, study_id, kept_back)
    return Counts(
        rewrites=seen[Kind.REWRITES],
        flags=seen[Kind.FLAGS],
        decided=up_to_most(decisions(actor=actor, study_id=study_id)),
        later=sum_of(later.values()),
    )


def _waiting_for(
    kind: Kind, actor: Actor, study_id: uuid.UUID, kept_back: Q | None
) -> tuple[int, int]:
    """How much waits for this reviewer, and how much else is kept back from them.

    One query, and one more for each `LOOKED_AT` that do not count any more. Of thousands the first
    are looked at, each once: to find the last few that one may still judge would mean to ask of
    every row whether its prompt is offered to them.
    """
    counting = _counting(kind, actor, study_id).filter(id=OuterRef("id")).order_by()
    kept = ExpressionWrapper(kept_back or Q(id=None), output_field=BooleanField())
    rows = _waiting_rows(kind, study_id).annotate(
        kept=Subquery(counting.annotate(kept=kept).values("kept")[:1])
    )
    found: list[bool] = []
    batch, more = rows.values_list("id", "kept"), True
    while more and len(found) < AT_MOST:
        looked_at = list(batch[:LOOKED_AT])
        found += [kept for _id, kept in looked_at if kept is not None]
        more = len(looked_at) == LOOKED_AT
        batch = batch.filter(id__gt=looked_at[-1][0]) if more else batch
    number = AtLeast if more else int
    return number(found.count(False)), number(found.count(True))


def next_waiting(
    *, actor: Actor, study_id: uuid.UUID, kind: Kind, after: uuid.UUID | None = None
) -> Item | None:
    """The next that waits, by random id, so that its place says nothing about time.

    `after` leaves one for later: the next behind it, from the top again after the last.
    """
    rows = _among(_waiting_rows(kind, study_id), _rows(kind, actor, study_id))
    return _first(kind, rows.filter(id__gt=after) if after else rows) or _first(kind, rows)


def _first(kind: Kind, rows: QuerySet[Any]) -> Item | None:
    found = rows.values_list("id", flat=True).first()
    return _items(kind, _table(kind).filter(id=found))[0] if found else None


def item(*, actor: Actor, study_id: uuid.UUID, kind: Kind, item_id: uuid.UUID) -> Item | None:
    """One rewrite or flag, waiting or decided; None where this reviewer may not see it."""
    found = _items(kind, _rows(kind, actor, study_id).filter(id=item_id))
    return found[0] if found else None


def next_kept_back(*, actor: Actor, study_id: uuid.UUID, kind: Kind) -> Item | None:
    """The next that waits for a review and that its reviewer may yet judge, but holds not now."""
    kept_back = _kept_back(actor, study_id)
    if kept_back is None:
        return None
    held = Assignment.objects.leased().filter(
        member__user_id=_reviewer(actor), prompt=OuterRef("response__prompt")
    )
    hidden = _counting(kind, actor, study_id).filter(kept_back, ~Exists(held))
    return _first(kind, _among(_waiting_rows(kind, study_id), hidden))


def decisions(*, actor: Actor, study_id: uuid.UUID) -> QuerySet[ReviewDecision]:
    """The last decision on each thing that is decided now and that this reviewer may see.

    Its order, newest first, is that of an index; who reads a page reads little more than a page.
    """
    found, shown = ReviewDecision.objects.filter(study_id=study_id), Q()
    for kind, name in ((Kind.REWRITES, "rewrite"), (Kind.FLAGS, "flag")):
        rows = _rows(kind, actor, study_id).decided().filter(id=OuterRef(name))
        newer = ReviewDecision.objects.filter(**{name: OuterRef(name)}).filter(
            Q(created_at__gt=OuterRef("created_at"))
            | Q(created_at=OuterRef("created_at"), id__gt=OuterRef("id"))
        )
        found = found.alias(**{f"{name}_seen": Subquery(rows.order_by().values("id")[:1])})
        shown |= Q(**{f"{name}_seen__isnull": False}) & ~Q(Exists(newer))
    return found.filter(shown).order_by(*NEWEST)


def items_of(
    *, actor: Actor, study_id: uuid.UUID, decisions: Iterable[ReviewDecision]
) -> list[Item]:
    """What these decisions are about, in their order; two queries."""
    about = [id for one in decisions if (id := one.rewrite_id or one.flag_id)]
    rows = (
        _items(kind, _among(_table(kind).filter(id__in=about), _rows(kind, actor, study_id)))
        for kind in Kind
    )
    return sorted(chain(*rows), key=lambda item: about.index(item.id))


def _last_note(kind: Kind) -> Subquery:
    about = "rewrite" if kind is Kind.REWRITES else "flag"
    log = ReviewDecision.objects.filter(**{about: OuterRef("id")}).order_by("-created_at", "-id")
    return Subquery(log.annotate(said=_unless_private(OwnKind.REVIEW_NOTE)).values("said")[:1])


def _unless_private(kind: OwnKind) -> Case:
    """The note of a row, as if it had none where its author alone sees it."""
    return Case(
        When(kept_private(kind), then=Value("")), default=F("note"), output_field=TextField()
    )


def _items(kind: Kind, rows: QuerySet[Any]) -> list[Item]:
    """Read the columns that a reviewer may see, and no others."""
    own: dict[str, Any] = {"rewrite": F("text")}
    plain: list[str] = []
    if kind is Kind.FLAGS:
        own, plain = {"said": _unless_private(OwnKind.FLAG_NOTE)}, ["harm", "severity"]
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
        decision_note=Coalesce(_last_note(kind), Value("", TextField())),
        **own,
    )
    return [Item(kind=kind, note=row.pop("said", ""), **row) for row in found]
