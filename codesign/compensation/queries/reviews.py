"""Work that nobody has approved or rejected yet, and the sample of it that a coordinator reads."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Sum
from django.utils import timezone

from codesign.compensation.models import Approval, Leg, RejectedWork
from codesign.compensation.models.rejections import REJECTED
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.compensation.rules.rejections import AUTO_APPROVAL, MOST_WORKS
from codesign.compensation.rules.work_states import WorkState, state_of_paid

Work = tuple[str, uuid.UUID]
"""(kind, id) of a piece of work."""

SAMPLE = 10
"""Pieces of work that a page shows, chosen at random."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a review in a study."""

    pieces: int
    people: int
    pay: list[tuple[int, str]]
    """(minor units, currency)"""
    newest: datetime | None
    """When the newest of them was done. “Approve all” ends there."""


def waiting_legs(*, study_id: uuid.UUID) -> QuerySet[Leg]:
    """Return the people's legs of credits that can still be rejected, and are not proposed to be.

    A credit is posted when its work is done, or later, so an index over the time of posting limits
    what is read to the last days.
    """
    since = timezone.now() - AUTO_APPROVAL
    about = {
        "about_kind": OuterRef("transfer__about_kind"),
        "about_id": OuterRef("transfer__about_id"),
    }
    return Leg.objects.filter(
        ~Exists(Approval.objects.filter(**about)),
        ~Exists(RejectedWork.objects.filter(**about, counts=True)),
        transfer__study_id=study_id,
        transfer__kind=TransferKind.CREDIT,
        transfer__posted_at__gt=since,
        transfer__effective_at__gt=since,
        account__kind=AccountKind.PAYABLE,
    )


def waiting(*, study_id: uuid.UUID) -> Waiting:
    """Return how much work waits for a review; two queries."""
    legs = waiting_legs(study_id=study_id)
    counts = legs.aggregate(
        pieces=Count("id"),
        people=Count("account__owner_id", distinct=True),
        newest=Max("transfer__effective_at"),
    )
    by_currency = legs.values("currency").annotate(minor=Sum("amount_minor")).order_by("currency")
    pay = [(int(row["minor"]), row["currency"]) for row in by_currency]
    return Waiting(
        pieces=counts["pieces"], people=counts["people"], newest=counts["newest"], pay=pay
    )


def sample(*, study_id: uuid.UUID) -> list[Leg]:
    """Return a random sample of the work that waits, each time another one. One query."""
    legs = waiting_legs(study_id=study_id).select_related("account", "transfer")
    return list(legs.order_by("?")[:SAMPLE])


def other_works(*, study_id: uuid.UUID, leg: Leg) -> list[Work]:
    """Return what else of the same person waits, at most as much as one rejection can hold."""
    legs = waiting_legs(study_id=study_id).filter(account=leg.account).exclude(id=leg.id)
    works = legs.order_by("id").values_list("transfer__about_kind", "transfer__about_id")
    return list(works[: MOST_WORKS - 1])


def states_of(*, study_id: uuid.UUID, done: Mapping[Work, datetime]) -> dict[Work, WorkState]:
    """Return the state of pieces of work that are or were paid; two queries.

    `done` maps each piece to when it was done.
    """
    approved = approved_of(study_id=study_id, works=done)
    rejected = rejected_of(study_id=study_id, works=done)
    now = timezone.now()
    return {
        work: state_of_paid(
            kind=work[0],
            done_at=done_at,
            approved=work in approved,
            rejected=work in rejected,
            now=now,
        )
        for work, done_at in done.items()
    }


def states_of_legs(*, study_id: uuid.UUID, legs: Iterable[Leg]) -> dict[uuid.UUID, WorkState]:
    """Return transfer id → state of the work, for those of the legs that credit work."""
    credits = [leg.transfer for leg in legs if leg.transfer.kind == TransferKind.CREDIT]
    works = {one.id: (one.about_kind, one.about_id) for one in credits}
    done = {works[one.id]: one.effective_at for one in credits}
    states = states_of(study_id=study_id, done=done)
    return {transfer_id: states[work] for transfer_id, work in works.items()}


def approved_of(*, study_id: uuid.UUID, works: Collection[Work]) -> set[Work]:
    """Return those of these pieces of work that a person approved. One query."""
    approvals = Approval.objects.filter(study_id=study_id, about_id__in=_ids(works))
    return set(works) & set(approvals.values_list("about_kind", "about_id"))


def rejected_of(*, study_id: uuid.UUID, works: Collection[Work]) -> set[Work]:
    """Return those of these pieces of work that are rejected now. One query."""
    return set(works) & set(_rejections(study_id, works).filter(REJECTED))


def under_rejection(*, study_id: uuid.UUID, works: Collection[Work]) -> set[Work]:
    """Return those of these pieces of work with a rejection that is proposed or decided."""
    return set(works) & set(_rejections(study_id, works))


def _rejections(study_id: uuid.UUID, works: Collection[Work]) -> QuerySet[RejectedWork, Work]:
    rows = RejectedWork.objects.filter(
        rejection__study_id=study_id, counts=True, about_id__in=_ids(works)
    )
    return rows.values_list("about_kind", "about_id")


def _ids(works: Collection[Work]) -> list[uuid.UUID]:
    return [about_id for _kind, about_id in works]
