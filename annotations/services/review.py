"""Decide on rewrites and flags. Decisions can be changed; each one is a new row."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Flag, ReviewDecision, Rewrite
from annotations.permissions import REVIEW
from annotations.queries.own_texts import is_private
from annotations.queries.review import Kind
from annotations.rules.own_texts import OwnKind
from annotations.rules.states import FLAG_STATES, REWRITE_STATES, FlagState, RewriteState
from annotations.services import own_texts
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared import visible
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.states import Transitions
from codesign.studies.models import Member
from codesign.studies.permissions import require

REWRITE_DECIDED = action(
    "annotations.rewrite_decided", gettext_lazy("accepted or held back a rewrite")
)
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

    `seen` is the state that the page showed, if any. Repeating a decision changes nothing.
    `example` marks a decision that a program made as an example.
    """
    reviewed = _REVIEWED[kind]
    row = _locked(reviewed.model, item_id)
    reviewer = _reviewer(actor, row)
    if state not in set(reviewed.states):
        raise Invalid(_("Unknown decision."), {"state": [_("Choose one of the decisions.")]})
    note = visible.seen(note)
    old = _move(row, state, reviewed.table, note, seen)
    if old is not None:
        decision = ReviewDecision.objects.create(
            **{reviewed.name: row},
            study_id=row.study_id,
            reviewer=reviewer,
            old_state=old,
            new_state=row.state,
            note=note,
            example=example,
        )
        if reviewer:
            sent = [(OwnKind.REVIEW_NOTE, decision.id, note)]
            own_texts.keep_private(member=reviewer, sent=sent)
        audit.record(
            actor=actor,
            action=reviewed.action,
            study_id=row.judgement.assignment.study_id,
            about=(reviewed.name, row.id, ""),
            data={"from": old, "to": row.state},
        )
    return row


def _locked(model: type[Rewrite] | type[Flag], row_id: uuid.UUID) -> Rewrite | Flag:
    rows: QuerySet[Any] = model._default_manager.all()
    row: Rewrite | Flag | None = (
        rows.select_for_update(no_key=True, of=("self",))
        .select_related("judgement__member", "judgement__assignment__study")
        .filter(id=row_id)
        .first()
    )
    if row is None or (isinstance(row, Rewrite) and is_private(kind=OwnKind.REWRITE, about=row.id)):
        raise NotFound
    return row


def _reviewer(actor: Actor, row: Rewrite | Flag) -> Member | None:
    """Return the reviewer's membership. Refuses other roles and the author of the row."""
    reviewer = require(actor, REVIEW, row.judgement.assignment.study)
    if row.judgement.member.user_id == actor.user_id:
        raise NotPermitted(_("You cannot decide on your own work. Somebody else will."))
    return reviewer


def _move(
    row: Rewrite | Flag, state: str, table: Transitions, note: str, seen: str | None
) -> str | None:
    """Change the state. Return the old state, or None if nothing changed."""
    if len(note) > NOTE_LONGEST:
        problem = _("Please use at most %(n)d characters for the note.") % {"n": NOTE_LONGEST}
        raise Invalid(problem, {"note": [problem]})
    if row.state == state:
        return None
    if seen is not None and seen != row.state:
        raise Conflict(
            _("Somebody else decided on this while you were reading. Please check it again.")
        )
    old, row.state = row.state, table.check(row.state, state)
    row.save(update_fields=["state"])
    return old
