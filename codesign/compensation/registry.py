"""Paid work of other apps, listed for the trial balance, and their parts of the pay page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from codesign.shared.registry import Registry
from codesign.studies.registry import Panel

# Kind of work → every (id, amount_minor, currency) that must have exactly one credit, by id.
PAID_WORK: Registry[Callable[[], Iterator[tuple[uuid.UUID, int, str]]]] = Registry("paid work")

# Each takes a `studies.models.Member` and returns a panel for their pay page, or None.
BESIDE_PAY: Registry[Callable[[Any], Panel | None]] = Registry("part of the pay page")
