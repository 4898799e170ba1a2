"""What other apps tell of pay: paid work, reserved pay, countries, and parts of the pay page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any

from codesign.shared.registry import Registry
from codesign.studies.registry import Panel

# Kind of work → every (id, amount_minor, currency) that must have exactly one credit, by id.
PAID_WORK: Registry[Callable[[], Iterator[tuple[uuid.UUID, int, str]]]] = Registry("paid work")

# Each takes a `studies.models.Member` and returns a panel for their pay page, or None.
BESIDE_PAY: Registry[Callable[[Any], Panel | None]] = Registry("part of the pay page")

# Each takes the id of a study and returns the ISO codes of the countries in which it recruits.
COUNTRIES: Registry[Callable[[uuid.UUID], Collection[str]]] = Registry("countries of a study")

# Each takes the ids of studies and returns (study, currency) → minor units that open work will pay.
RESERVED: Registry[Callable[[Collection[uuid.UUID]], dict[tuple[uuid.UUID, str], int]]] = Registry(
    "reserved pay"
)
