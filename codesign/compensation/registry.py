"""What work there is: each app that has paid work says how to list it, for the trial balance."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

from codesign.shared.registry import Registry

# kind of work → every (id, amount_minor, currency) that must have exactly one credit, by id
PAID_WORK: Registry[Callable[[], Iterator[tuple[uuid.UUID, int, str]]]] = Registry("paid work")
