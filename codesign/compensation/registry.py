"""What work there is: each app that has paid work says how to list it, for the trial balance.

And what such an app has to say on a person's pay page beside the entries.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from codesign.shared.registry import Registry
from codesign.studies.registry import Panel

# kind of work → every (id, amount_minor, currency) that must have exactly one credit, by id
PAID_WORK: Registry[Callable[[], Iterator[tuple[uuid.UUID, int, str]]]] = Registry("paid work")

# each takes a `studies.models.Member`: what their pay page says beside the entries, or nothing
BESIDE_PAY: Registry[Callable[[Any], Panel | None]] = Registry("part of the pay page")
