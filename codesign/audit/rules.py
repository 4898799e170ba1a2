"""What a seal covers: SHA-256 of the seal before it and of each event in canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

GENESIS = "0" * 64


class EventLike(Protocol):
    """The columns that are hashed."""

    id: int
    xid: int
    at: datetime
    action: str
    actor_id: UUID | None
    study_id: UUID | None
    about_kind: str
    about_id: UUID
    about_label: str
    data: Any


def line(event: EventLike) -> bytes:
    """Return the canonical form of one event."""
    values = [
        event.id,
        event.xid,
        event.at.isoformat(),
        event.action,
        str(event.actor_id or ""),
        str(event.study_id or ""),
        event.about_kind,
        str(event.about_id),
        event.about_label,
        event.data,
    ]
    return json.dumps(values, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def digest(previous: str, events: Iterable[EventLike]) -> str:
    """Return the digest of the seal, 64 hex digits."""
    total = hashlib.sha256(previous.encode())
    for event in events:
        total.update(line(event))
    return total.hexdigest()
