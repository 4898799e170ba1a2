"""What higher apps add to the Help page and to cases, registered in their `ready()`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from codesign.shared.registry import Registry
from codesign.studies.models import Member

# Each takes the address that Help leads back to, and returns the page where a person can stop the
# activity there, or "" if there is nothing to stop.
WAYS_TO_STOP: Registry[Callable[[str], str]] = Registry("way to stop")

# Each takes a member, and returns the page where they continue their work, or "".
WAYS_ON: Registry[Callable[[Member], str]] = Registry("way on")

CASE_TEXTS: Registry[Callable[[str, uuid.UUID], Sequence[str]]] = Registry("texts of a case")
"""Each takes the kind and id of what a case is about, and returns the words that were noticed."""

AFTER_ANSWER: Registry[Callable[..., None]] = Registry("what follows an answer")
"""Each takes `actor`, the author, and `case`, a `care.models.Case`, in the same transaction."""


def way_to_stop(address: str) -> str:
    """Return the page where a person can stop the activity at an address, or ""."""
    return next((way for _name, find in WAYS_TO_STOP if (way := find(address))), "")


def way_on(member: Member) -> str:
    """Return the page where a member continues their work, or ""."""
    return next((way for _name, find in WAYS_ON if (way := find(member))), "")
