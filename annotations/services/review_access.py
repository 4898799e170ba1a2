"""Show what people wrote to reviewers, and record who read it.

A reviewer who has seen what others wrote about a prompt is never asked to judge it. The record is
written under the lock that a lease takes too, so a person either gets a seat or reads its answers,
never both.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

GAVE_UP = action(
    "annotations.gave_up_judging", gettext_lazy("chose to review a prompt instead of judging it")
)


def _reader(actor: Actor, permission: Permission, study: Study) -> Member | None:
    """Return the reader's membership, locked until the transaction ends; None for the system."""
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
    """Return the next waiting item and record it as read. `after` skips an item for now."""
    reader = _reader(actor, REVIEW, study)
    item = queries.next_waiting(actor=actor, study_id=study.id, kind=kind, after=after)
    _note(reader, [item] if item else [])
    return item


@transaction.atomic
def one(*, actor: Actor, study: Study, kind: Kind, item_id: uuid.UUID) -> Item | None:
    """Return an item and record it as read; None if this reviewer may not see it."""
    reader = _reader(actor, REVIEW, study)
    item = queries.item(actor=actor, study_id=study.id, kind=kind, item_id=item_id)
    _note(reader, [item] if item else [])
    return item


@transaction.atomic
def decided(*, actor: Actor, study: Study, decisions: Sequence[ReviewDecision]) -> list[Item]:
    """Return the items of these decisions, in order, and record them as read."""
    reader = _reader(actor, SEE_DECISIONS, study)
    items = queries.items_of(actor=actor, study_id=study.id, decisions=decisions)
    _note(reader, items)
    return items


@transaction.atomic
def listed(*, actor: Actor, study: Study, kind: Kind, ids: Sequence[uuid.UUID]) -> list[Item]:
    """Return the items of a page of the list, in order, and record them as read."""
    reader = _reader(actor, REVIEW, study)
    items = queries.items_listed(actor=actor, study_id=study.id, kind=kind, ids=ids)
    _note(reader, items)
    return items


@transaction.atomic
def instead_of_judging(*, actor: Actor, study: Study, kind: Kind) -> Item:
    """Return the next item that was kept back from its reader, who now never judges its prompt.

    Their current assignment is not affected.
    """
    reader = _reader(actor, REVIEW, study)
    kinds = [kind, *(other for other in Kind if other != kind)]
    read = (queries.next_kept_back(actor=actor, study_id=study.id, kind=of) for of in kinds)
    chosen = next((item for item in read if item), None)
    if chosen is None:
        raise Conflict(_("Nothing is kept back for you, except for the text that you have open."))
    _note(reader, [chosen])
    audit.record(
        actor=actor,
        action=GAVE_UP,
        study_id=study.id,
        about=("prompt", chosen.prompt_id, ""),
    )
    return chosen
