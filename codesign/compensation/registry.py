"""Paid work of other apps, listed for the trial balance, and their parts of the pay page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from codesign.shared.registry import Registry
from codesign.studies.registry import Panel

# Kind of work → (id, amount_minor, currency) of all that must have exactly one credit.
PAID_WORK: Registry[Callable[[], QuerySet[Any, Any]]] = Registry("paid work")

# Each takes a `studies.models.Member` and returns a panel for their pay page, or None.
BESIDE_PAY: Registry[Callable[[Any], Panel | None]] = Registry("part of the pay page")
