"""Writing the audit trail, sealing it, shredding a person's details."""

from __future__ import annotations

import json
import uuid
from typing import Any

from cryptography.fernet import Fernet
from django.db import transaction

from codesign.audit import queries, rules
from codesign.audit.models import Event, PersonalDetail, PersonKey, Seal
from codesign.audit.registry import ACTIONS, SHREDDED, OnErasure
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, try_lock_until_commit
from codesign.shared.compiled_queries import insert

SEAL_BATCH = 5_000


def record(
    *,
    actor: Actor,
    action: str,
    about: tuple[str, uuid.UUID, str],
    study_id: uuid.UUID | None = None,
    data: dict[str, Any] | None = None,
    personal: tuple[uuid.UUID, dict[str, Any]] | None = None,
) -> Event:
    """Write one event in the caller's transaction.

    `about` is (kind, id, label). `data` holds no personal data. `personal` is (user id, details),
    allowed only for actions that declare what erasure does to it. The returned event has an id only
    if it has a personal part.
    """
    registered = ACTIONS.get(action)
    if personal and registered.on_erasure is OnErasure.NOTHING_HELD:
        raise ValueError(f"{action} is registered as holding no personal data")
    kind, about_id, label = about
    event = Event(
        actor_id=actor.user_id,
        action=action,
        study_id=study_id,
        about_kind=kind,
        about_id=about_id,
        about_label=label[:200],
        data=data or {},
    )
    if not personal:
        insert(event)
    else:
        event.save()  # its number is needed below
        user_id, what = personal
        PersonalDetail.objects.create(
            event=event,
            user_id=user_id,
            ciphertext=Fernet(_key_of(user_id)).encrypt(json.dumps(what).encode()),
        )
    return event


def _key_of(user_id: uuid.UUID) -> bytes:
    person_key, _created = PersonKey.objects.get_or_create(
        user_id=user_id, defaults={"key": Fernet.generate_key()}
    )
    return bytes(person_key.key)


@transaction.atomic
def shred(*, actor: Actor, user_id: uuid.UUID) -> None:
    """Make every personal detail of one person unreadable. This cannot be undone."""
    PersonKey.objects.filter(user_id=user_id).delete()
    record(actor=actor, action=SHREDDED, about=("user", user_id, ""))


@transaction.atomic
def seal() -> Seal | None:
    """Seal the next batch of settled events. Return None if there are none.

    Only transactions below the oldest running one are sealed, because no event can be added to them
    any more.
    """
    if not try_lock_until_commit(Lock.SEAL_AUDIT):
        return None
    last = Seal.objects.order_by("-id").first()
    after = last.until_xid if last else 0
    settled = queries.oldest_running_transaction() - 1
    batch = list(queries.events_between(after, settled)[: SEAL_BATCH + 1])
    if not batch:
        return None
    until = batch[-1].xid if len(batch) <= SEAL_BATCH else batch[-1].xid - 1
    events = list(queries.events_between(after, max(until, batch[0].xid)))
    previous = last.digest if last else rules.GENESIS
    return Seal.objects.create(
        after_xid=after,
        until_xid=events[-1].xid,
        events=len(events),
        previous=previous,
        digest=rules.digest(previous, events),
    )
