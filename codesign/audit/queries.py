"""Reading the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import QuerySet

from codesign.audit import rules
from codesign.audit.models import Event, Seal


def oldest_running_transaction() -> int:
    """Every transaction below this id has ended, so that no event can still appear below it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def events_between(after_xid: int, until_xid: int) -> QuerySet[Event]:
    """Events of one seal, in the order in which they are hashed."""
    return Event.objects.filter(xid__gt=after_xid, xid__lte=until_xid).order_by("xid", "id")


def broken_seals() -> Iterator[str]:
    """A sentence for each seal that no longer fits what it covers; nothing where all is well."""
    previous, after = rules.GENESIS, 0
    for seal in Seal.objects.order_by("id"):
        if seal.previous != previous or seal.after_xid != after:
            yield f"Seal {seal.id} does not follow the seal before it."
        events = list(events_between(seal.after_xid, seal.until_xid))
        if len(events) != seal.events:
            yield f"Seal {seal.id} covers {seal.events} events, {len(events)} are there."
        if rules.digest(seal.previous, events) != seal.digest:
            yield f"Seal {seal.id} does not fit its events: something was changed."
        previous, after = seal.digest, seal.until_xid


def events_of(*, study_id: uuid.UUID) -> QuerySet[Event]:
    """Everything that was done in a study, newest first; for whoever may read its trail."""
    return Event.objects.filter(study_id=study_id).order_by("-id")


def deeds_about(*, about_ids: Collection[uuid.UUID], actions: Collection[str]) -> QuerySet[Event]:
    """Who did any of these things to any of these, for a service that has to tell them."""
    return Event.objects.filter(about_id__in=about_ids, action__in=actions)


def last_seal() -> Seal | None:
    """The newest seal."""
    return Seal.objects.order_by("-id").first()
