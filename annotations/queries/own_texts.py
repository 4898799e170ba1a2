"""Which texts only their author sees, for queries that show texts to others; and a person's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Flag, Judgement, OwnText, ReviewDecision, Rewrite
from annotations.queries.rubrics import rubric_in
from annotations.rules.own_texts import KEPT, OWN_STATES, OwnKind, OwnState, Source
from annotations.rules.states import RewriteState
from codesign.care.models import Case
from codesign.shared.actors import Actor
from codesign.studies.models import Member


def labels_to_choose(assignment: Assignment) -> frozenset[str]:
    """Return the labels for marked passages that an assignment offers. No query in a submission."""
    return rubric_in(assignment.rubric_id, assignment.member.study.language).label_keys


def own_words(*, assignment: Assignment, sent: UncheckedSubmission) -> Iterator[str]:
    """Yield the texts among somebody's answers that they wrote, and did not choose from a list."""
    return sent.free_texts(chosen=labels_to_choose(assignment))


def kept_private(kind: OwnKind, about: str = "id") -> Exists:
    """Return the condition that only the author sees the outer row's text of that kind."""
    return Exists(OwnText.objects.filter(kind=kind, about=OuterRef(about), state__in=KEPT))


def is_private(*, kind: OwnKind, about: uuid.UUID) -> bool:
    """Return whether only its author sees a text."""
    return OwnText.objects.filter(kind=kind, about=about, state__in=KEPT).exists()


@dataclass(frozen=True, slots=True)
class Own:
    """A text as its author sees it, and the choices that they have now."""

    id: uuid.UUID
    kind: OwnKind
    state: OwnState
    text: str
    choices: list[OwnState]
    lead_sees_it: bool


def _current(member: Member) -> QuerySet[OwnText]:
    """Return a member's own texts without those that a correction has replaced."""
    replaced = Judgement.objects.replaced().filter(member=member).values("id")
    rewrites = Rewrite.objects.filter(judgement__in=replaced).values("id")
    flags = Flag.objects.filter(judgement__in=replaced).values("id")
    texts = OwnText.objects.filter(member=member).exclude(about__in=replaced)
    return texts.exclude(about__in=rewrites).exclude(about__in=flags)


def how_many(*, member: Member) -> int:
    """Return the number of a member's texts that only they see."""
    return _current(member).filter(state__in=KEPT).count()


def own_texts(*, actor: Actor, member: Member) -> list[Own]:
    """Return the actor's own texts in a study, newest first; two queries, and one for each kind."""
    if actor.user_id != member.user_id:
        return []
    rows = list(_current(member).order_by("-created_at", "id"))
    texts: dict[uuid.UUID, tuple[str, bool]] = {}
    for kind in {OwnKind(row.kind) for row in rows}:
        texts |= _READ[kind](row.about for row in rows if row.kind == kind)
    seen = set(seen_by_safety_leads(member=member).values_list("id", flat=True)) if rows else ()
    return [
        Own(
            row.id,
            OwnKind(row.kind),
            OwnState(row.state),
            text,
            _choices(row.state, used),
            row.id in seen,
        )
        for row in rows
        for text, used in [texts[row.about]]
    ]


def of_case(*, about_kind: str, about: uuid.UUID | None) -> QuerySet[OwnText]:
    """Return the own texts that were sent with what a case is about, and with its corrections."""
    if about is None or about_kind not in Source.values:
        return OwnText.objects.none()
    return OwnText.objects.filter(_sent_with([about]))


def seen_by_safety_leads(*, member: Member) -> QuerySet[OwnText]:
    """Return those of a member's private texts that the safety lead sees, because of a case."""
    about = Case.objects.seen().filter(member=member, about__isnull=False).values("about")
    return _current(member).filter(_sent_with(about), state__in=KEPT)


def _sent_with(about: Any) -> Q:
    """Return the condition that a text was sent with one of these, or with its corrections."""
    judged = Judgement.objects.filter(id__in=about).values("assignment")
    revisions = Judgement.objects.filter(assignment__in=judged)
    return (
        Q(about__in=about)
        | Q(about__in=revisions.values("id"))
        | Q(about__in=Rewrite.objects.filter(judgement__in=revisions).values("id"))
        | Q(about__in=Flag.objects.filter(judgement__in=revisions).values("id"))
    )


def words_of_case(about_kind: str, about: uuid.UUID) -> list[str]:
    """Return the words for which a case was opened, whether or not others may see them by now."""
    rows = list(of_case(about_kind=about_kind, about=about).order_by("created_at", "id"))
    words = [_READ[OwnKind(row.kind)]([row.about])[row.about][0] for row in rows]
    return list(dict.fromkeys(words))  # a correction repeats what it does not change


def is_decided(*, rewrite: Rewrite) -> bool:
    """Return whether a review has decided on a rewrite, so that it may be in a release."""
    return rewrite.state != RewriteState.PENDING


def _choices(state: str, used: bool) -> list[OwnState]:
    if state == OwnState.FREE and used:
        return []
    return [choice for choice in OwnState if OWN_STATES.allows(state, choice)]


Texts = dict[uuid.UUID, tuple[str, bool]]
"""id → (text, whether a release may contain it as soon as its author allows its use)"""


def _rewrites(ids: Iterable[uuid.UUID]) -> Texts:
    return {
        row.id: (row.text, is_decided(rewrite=row)) for row in Rewrite.objects.filter(id__in=ids)
    }


def _column(rows: QuerySet[Any], name: str) -> Callable[[Iterable[uuid.UUID]], Texts]:
    return lambda ids: {
        id: (text, False) for id, text in rows.filter(id__in=ids).values_list("id", name)
    }


def _highlights(ids: Iterable[uuid.UUID]) -> Texts:
    rows = Judgement.objects.filter(id__in=ids).values_list("id", "highlights")
    return {id: ("\n".join(_words_beside(marks)), True) for id, marks in rows}


def _words_beside(marks: Iterable[Mapping[str, Any]]) -> list[str]:
    return [words for mark in marks for words in (mark["label"], mark["comment"]) if words]


_READ: dict[OwnKind, Callable[[Iterable[uuid.UUID]], Texts]] = {
    OwnKind.REWRITE: _rewrites,
    OwnKind.COMMENT: _column(Judgement.objects.all(), "comment"),
    OwnKind.HIGHLIGHTS: _highlights,
    OwnKind.FLAG_NOTE: _column(Flag.objects.all(), "note"),
    OwnKind.SKIP_NOTE: _column(Assignment.objects.all(), "skip_note"),
    OwnKind.REVIEW_NOTE: _column(ReviewDecision.objects.all(), "note"),
}
