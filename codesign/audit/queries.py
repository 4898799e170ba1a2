"""Reading the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from codesign.audit import rules
from codesign.audit.models import Event, Seal


def oldest_running_transaction() -> int:
    """Return the id of the oldest running transaction. No event can still appear below it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def events_between(after_xid: int, until_xid: int) -> QuerySet[Event]:
    """Return the events of one seal in the order in which they are hashed."""
    return Event.objects.filter(xid__gt=after_xid, xid__lte=until_xid).order_by("xid", "id")


def broken_seals() -> Iterator[str]:
    """Yield a sentence for each seal that does not match what it covers."""
    previous, after = rules.GENESIS, 0
    for seal in Seal.objects.order_by("id"):
        if seal.previous != previous or seal.after_xid != after:
            yield _("Seal %(id)d does not follow the seal before it.") % {"id": seal.id}
        events = list(events_between(seal.after_xid, seal.until_xid))
        if len(events) != seal.events:
            yield _("Seal %(id)d covers %(expected)d events, but %(actual)d exist.") % {
                "id": seal.id,
                "expected": seal.events,
                "actual": len(events),
            }
        if rules.digest(seal.previous, events) != seal.digest:
            yield _("Seal %(id)d does not match its events: something was changed.") % {
                "id": seal.id
            }
        previous, after = seal.digest, seal.until_xid


def events_of(*, study_id: uuid.UUID) -> QuerySet[Event]:
    """Return the events of a study, newest first. The caller checks the permission."""
    return Event.objects.filter(study_id=study_id).order_by("-id")


def deeds_about(*, about_ids: Collection[uuid.UUID], actions: Collection[str]) -> QuerySet[Event]:
    """Return events with these actions about these ids, for services that notify people."""
    return Event.objects.filter(about_id__in=about_ids, action__in=actions)


def last_seal() -> Seal | None:
    """Return the newest seal."""
    return Seal.objects.order_by("-id").first()
