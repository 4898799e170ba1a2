"""Showing what people wrote to who reviews it, and noting who read it.

Whoever saw in review what others made of a prompt is never asked to judge it after that. The note
is written under the lock that a lease takes too, so that a seat is either offered to somebody or
its answers are read by them, never both.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db import transaction

from annotations.models import ReviewDecision, SeenInReview
from annotations.permissions import REVIEW, SEE_DECISIONS
from annotations.queries import review as queries
from annotations.queries.review import Item, Kind
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.access import Permission
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

GAVE_UP = action("annotations.gave_up_judging", "chose to review a prompt instead of judging it")


def _reader(actor: Actor, permission: Permission, study: Study) -> Member | None:
    """Whoever reads, locked until the transaction ends; None for the system."""
    member = require(actor, permission, study)
    return member and Member.objects.select_for_update(no_key=True).get(id=member.id)


def _note(reader: Member | None, items: Iterable[Item]) -> None:
    if reader is None:
        return
    SeenInReview.objects.bulk_create(
        (
            SeenInReview(member=reader, prompt_id=prompt_id)
            for prompt_id in sorted({item.prompt_id for item in items})
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def next_waiting(
    *, actor: Actor, study: Study, kind: Kind, after: uuid.UUID | None = None
) -> Item | None:
    """The next that waits for a review, noted as read; `after` leaves one for later."""
    reader = _reader(actor, REVIEW, study)
    found = queries.next_waiting(actor=actor, study_id=study.id, kind=kind, after=after)
    _note(reader, [found] if found else [])
    return found


@transaction.atomic
def one(*, actor: Actor, study: Study, kind: Kind, item_id: uuid.UUID) -> Item | None:
    """One of them, noted as read; None where this reviewer may not see it."""
    reader = _reader(actor, REVIEW, study)
    found = queries.item(actor=actor, study_id=study.id, kind=kind, item_id=item_id)
    _note(reader, [found] if found else [])
    return found


@transaction.atomic
def decided(*, actor: Actor, study: Study, decisions: Sequence[ReviewDecision]) -> list[Item]:
    """What these decisions are about, in their order; noted as read."""
    reader = _reader(actor, SEE_DECISIONS, study)
    found = queries.items_of(actor=actor, study_id=study.id, decisions=decisions)
    _note(reader, found)
    return found


@transaction.atomic
def instead_of_judging(*, actor: Actor, study: Study, kind: Kind) -> Item:
    """The next that was kept back since its reader might be asked to judge it: now they never are.

    What they hold open now is left alone: it is theirs to send or to skip.
    """
    reader = _reader(actor, REVIEW, study)
    kinds = [kind, *(other for other in Kind if other != kind)]
    read = (queries.next_kept_back(actor=actor, study_id=study.id, kind=of) for of in kinds)
    found = next((item for item in read if item), None)
    if found is None:
        raise Conflict("Nothing is kept back for you but what you have open to judge.")
    _note(reader, [found])
    audit.record(
        actor=actor,
        action=GAVE_UP,
        study_id=study.id,
        about=("prompt", found.prompt_id, ""),
    )
    return found
