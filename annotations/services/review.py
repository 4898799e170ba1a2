"""Deciding on rewrites and flags. A decision is never the last word: each is a row of its own."""

from __future__ import annotations

import uuid
from typing import TypeVar

from django.db import transaction

from annotations.models import Flag, ReviewDecision, Rewrite
from annotations.permissions import REVIEW
from annotations.rules.states import FLAG_STATES, REWRITE_STATES, FlagState, RewriteState
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.states import Transitions
from codesign.studies.models import Member
from codesign.studies.permissions import require

REWRITE_DECIDED = action("annotations.rewrite_decided", "accepted or held back a rewrite")
FLAG_DECIDED = action("annotations.flag_decided", "decided on a report of harm")

NOTE_LONGEST = 500
Reviewed = TypeVar("Reviewed", Rewrite, Flag)


@transaction.atomic
def decide_rewrite(
    *,
    actor: Actor,
    rewrite_id: uuid.UUID,
    state: str,
    note: str = "",
    seen: str | None = None,
    example: bool = False,
) -> Rewrite:
    """Accept a rewrite for training data or hold it back.

    `seen` is the state that the reviewer was shown, where they were shown one. Asking for what is
    the case already changes nothing (a double click). `example` marks a decision that a program
    made to try things out.
    """
    rewrite = _locked(Rewrite, rewrite_id)
    reviewer = _reviewer(actor, rewrite)
    old = _move(rewrite, _known(RewriteState, state), REWRITE_STATES, note, seen)
    if old is not None:
        ReviewDecision.objects.create(
            rewrite=rewrite,
            reviewer=reviewer,
            old_state=old,
            new_state=rewrite.state,
            note=note,
            example=example,
        )
        _record(actor, REWRITE_DECIDED, ("rewrite", rewrite), old)
    return rewrite


@transaction.atomic
def decide_flag(
    *,
    actor: Actor,
    flag_id: uuid.UUID,
    state: str,
    note: str = "",
    seen: str | None = None,
    example: bool = False,
) -> Flag:
    """Uphold a report of harm or dismiss it; `seen`, `example` as in `decide_rewrite`."""
    flag = _locked(Flag, flag_id)
    reviewer = _reviewer(actor, flag)
    old = _move(flag, _known(FlagState, state), FLAG_STATES, note, seen)
    if old is not None:
        ReviewDecision.objects.create(
            flag=flag,
            reviewer=reviewer,
            old_state=old,
            new_state=flag.state,
            note=note,
            example=example,
        )
        _record(actor, FLAG_DECIDED, ("flag", flag), old)
    return flag


def _known(states: type[RewriteState] | type[FlagState], state: str) -> str:
    if state not in set(states):
        raise Invalid("There is no such decision.", {"state": ["Choose one of the decisions."]})
    return state


def _locked(model: type[Reviewed], row_id: uuid.UUID) -> Reviewed:
    row = (
        model._default_manager.select_for_update(no_key=True, of=("self",))
        .select_related("judgement__member", "judgement__assignment__study")
        .filter(id=row_id)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def _reviewer(actor: Actor, row: Rewrite | Flag) -> Member | None:
    """The reviewer's membership; refused for others, and for the person whose work it is."""
    reviewer = require(actor, REVIEW, row.judgement.assignment.study)
    if row.judgement.member.user_id == actor.user_id:
        raise NotPermitted("Somebody else decides on what you wrote yourself.")
    return reviewer


def _move(
    row: Rewrite | Flag, state: str, table: Transitions, note: str, seen: str | None
) -> str | None:
    """Move to `state`; the state before, or None where it stands there already."""
    if len(note) > NOTE_LONGEST:
        problem = f"Please keep the note to {NOTE_LONGEST} characters."
        raise Invalid(problem, {"note": [problem]})
    if row.state == state:
        return None
    if seen is not None and seen != row.state:
        raise Conflict("Somebody decided on this while you were reading. Please look at it again.")
    old, row.state = row.state, table.check(row.state, state)
    row.save(update_fields=["state"])
    return old


def _record(actor: Actor, name: str, about: tuple[str, Rewrite | Flag], old: str) -> None:
    kind, row = about
    audit.record(
        actor=actor,
        action=name,
        study_id=row.judgement.assignment.study_id,
        about=(kind, row.id, ""),
        data={"from": old, "to": row.state},
    )
