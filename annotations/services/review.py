"""Decide on rewrites and flags. Decisions can be changed; each one is a new row."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Flag, ReviewDecision, Rewrite
from annotations.permissions import REVIEW
from annotations.queries.own_texts import is_private
from annotations.queries.review import Kind
from annotations.rules.own_texts import OwnKind, Source
from annotations.rules.states import FLAG_STATES, REWRITE_STATES, FlagState, RewriteState
from annotations.services import own_texts
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared import visible
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.states import Transitions
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Member
from codesign.studies.permissions import require

REWRITE_DECIDED = action("annotations.rewrite_decided", gettext_lazy("decided on a rewrite"))
FLAG_DECIDED = action("annotations.flag_decided", gettext_lazy("decided on a report of harm"))

NOTE_LONGEST = 500


@dataclass(frozen=True)
class _Reviewed:
    """What differs between rewrites and flags: table, states and audit action."""

    name: str
    model: type[Rewrite] | type[Flag]
    states: type[RewriteState] | type[FlagState]
    table: Transitions
    action: str


_REVIEWED = {
    Kind.REWRITES: _Reviewed("rewrite", Rewrite, RewriteState, REWRITE_STATES, REWRITE_DECIDED),
    Kind.FLAGS: _Reviewed("flag", Flag, FlagState, FLAG_STATES, FLAG_DECIDED),
}


@transaction.atomic
def decide(
    *,
    actor: Actor,
    kind: Kind,
    item_id: uuid.UUID,
    state: str,
    note: str = "",
    seen: str | None = None,
    example: bool = False,
) -> Rewrite | Flag:
    """Accept a rewrite for training data or hold it back; uphold a report of harm or dismiss it.

    A rewrite can also be sent back with a note, which its author reads (`views.own_judgements`).

    `seen` is the state that the page showed, if any. Repeating a decision changes nothing.
    `example` marks a decision that a program made as an example.
    """
    reviewed = _REVIEWED[kind]
    row = _locked(reviewed.model, item_id)
    reviewer = _reviewer(actor, row)
    if state not in set(reviewed.states):
        raise Invalid(_("Unknown decision."), {"state": [_("Choose one of the decisions.")]})
    note = visible.seen(note)
    if len(note) > NOTE_LONGEST:
        problem = _("Please use at most %(n)d characters for the note.") % {"n": NOTE_LONGEST}
        raise Invalid(problem, {"note": [problem]})
    if state == RewriteState.SENT_BACK and not note:
        problem = _("Write a note that tells the author what to change.")
        raise Invalid(problem, {"note": [problem]})
    if row.state == state:
        return row
    if seen is not None and seen != row.state:
        raise Conflict(
            _("Somebody else decided on this while you were reading. Please check it again.")
        )
    transition(row, to=state, actor=actor, reviewer=reviewer, note=note, example=example)
    return row


@transaction.atomic
def decide_all(
    *, actor: Actor, kind: Kind, item_ids: Collection[uuid.UUID], state: str
) -> tuple[int, int]:
    """Decide on several waiting items. Return how many were decided, and how many were left.

    Items that somebody else decided on, or whose author corrected them, do not change.
    """
    waiting: Any = _REVIEWED[kind].model._default_manager
    done = 0
    for row in waiting.open().filter(id__in=item_ids).order_by("id"):
        try:
            decide(actor=actor, kind=kind, item_id=row.id, state=state, seen=row.state)
        except (Conflict, NotFound):
            continue
        done += 1
    return done, len(item_ids) - done


def _log(kind: Kind) -> Callable[[Move], None]:
    """Return a log that stores each decision as a row and records it in the audit trail."""
    reviewed = _REVIEWED[kind]

    def log(move: Move) -> None:
        decision = ReviewDecision.objects.create(
            **{reviewed.name: move.row},
            study_id=move.row.study_id,
            old_state=move.old,
            new_state=move.new,
            **move.data,
        )
        if reviewer := decision.reviewer:
            sent = [(OwnKind.REVIEW_NOTE, decision.id, decision.note)]
            own_texts.keep_private(
                member=reviewer, source=Source.REVIEW, about=decision.id, sent=sent
            )
        audit.record(
            actor=move.actor,
            action=reviewed.action,
            study_id=move.row.judgement.assignment.study_id,
            about=(reviewed.name, move.row.id, ""),
            data={"from": move.old, "to": move.new},
        )

    return log


for _kind, _reviewed in _REVIEWED.items():
    machine(_reviewed.model, _reviewed.table, log=_log(_kind))


def _locked(model: type[Rewrite] | type[Flag], row_id: uuid.UUID) -> Rewrite | Flag:
    rows: Any = model._default_manager
    row: Rewrite | Flag | None = (
        rows.select_for_update(no_key=True, of=("self",))
        .select_related("judgement__member", "judgement__assignment__study")
        .filter(id=row_id)
        .first()
    )
    if row is None or (isinstance(row, Rewrite) and is_private(kind=OwnKind.REWRITE, about=row.id)):
        raise NotFound
    if not rows.of_latest_revisions().filter(id=row.id).exists():
        raise Conflict(_("Its author has corrected this. The new version is in the list."))
    return row


def _reviewer(actor: Actor, row: Rewrite | Flag) -> Member | None:
    """Return the reviewer's membership. Refuses other roles and the author of the row."""
    reviewer = require(actor, REVIEW, row.judgement.assignment.study)
    if row.judgement.member.user_id == actor.user_id:
        raise NotPermitted(_("You cannot decide on your own work. Somebody else will."))
    return reviewer
