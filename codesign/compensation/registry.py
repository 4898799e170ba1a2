"""What other apps tell of pay: paid work, reserved pay, countries, and parts of the pay page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from codesign.shared.registry import Registry
from codesign.studies.registry import Panel

# Kind of work → (id, amount_minor, currency) of all that must have exactly one credit.
PAID_WORK: Registry[Callable[[], QuerySet[Any, Any]]] = Registry("paid work")

# Each takes a `studies.models.Member` and returns a panel for their pay page, or None.
BESIDE_PAY: Registry[Callable[[Any], Panel | None]] = Registry("part of the pay page")


@dataclass(frozen=True, slots=True)
class HeldWork:
    """A piece of work whose pay is held; the amount is in minor units."""

    id: uuid.UUID
    label: str
    member_id: uuid.UUID
    amount_minor: int
    currency: str
    done_at: datetime


@dataclass(frozen=True)
class ReviewedWork:
    """What the review of pay needs of a kind of work.

    `held` locks and returns those of the pieces `ids` of `study_id` whose pay is held. `refuse`
    ends their pay check without pay, and `pay` credits such pieces after all. Both take `actor`,
    `ids` and `decider`, the deciding member (None if nobody decided in time). `page` returns the
    address at which the staff reads a piece, from the slug of the study and the id.
    """

    held: Callable[..., list[HeldWork]]
    refuse: Callable[..., None]
    pay: Callable[..., None]
    page: Callable[[str, uuid.UUID], str]


REVIEWED_WORK: Registry[ReviewedWork] = Registry("kind of reviewed work")
# Each takes the id of a study and returns the ISO codes of the countries in which it recruits.
COUNTRIES: Registry[Callable[[uuid.UUID], Collection[str]]] = Registry("countries of a study")

# Each takes the id of a member and returns whether work of theirs may still be credited.
PAY_TO_COME: Registry[Callable[[uuid.UUID], bool]] = Registry("pay to come")

# Each takes the ids of studies and returns (study, currency) → minor units that open work will pay.
RESERVED: Registry[Callable[[Collection[uuid.UUID]], dict[tuple[uuid.UUID, str], int]]] = Registry(
    "reserved pay"
)
