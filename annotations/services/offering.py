"""Letting the seats of a round follow when it opens or closes.

A round may hold a million tasks: the first of them follow at once, so that a small round needs
nothing more and people begin on a large one; a worker takes the others, batch by batch. Whoever
dies in between leaves the rest to the next ring.

While a large round closes, a seat that was not reached yet can still be taken: it is judged and
paid like what was open before.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from annotations.models import Round, RoundOffering
from annotations.queries import offering as queries
from annotations.rules.states import RoundState
from annotations.services import seats
from codesign.shared.jobs import enqueue

TASK = "annotations.tasks.move_seats"
BATCH = 2_000
"""Tasks in one transaction: a second or so, for which nobody can take one of them."""


def follow(*, round: Round) -> None:
    """Offer the seats of a round or take them back, as its state is; the caller holds its lock."""
    tasks = queries.how_many_tasks(round=round)
    progress, _made = RoundOffering.objects.update_or_create(
        round=round,
        defaults={"total": tasks, "looked_at": 0, "after": None, "started_at": timezone.now()},
    )
    if _next_batch(round, progress):
        enqueue(TASK, round.id)


def go_on(*, round_id: uuid.UUID) -> None:
    """Let all other seats follow, unless somebody else is at it."""
    while _batch(round_id):
        pass


@transaction.atomic
def _batch(round_id: uuid.UUID) -> bool:
    """The next tasks of a round; whether there are more to do here.

    The round's lock is held meanwhile, as by who opens, closes or fills it: its state stays, and
    no task comes in. A second worker sees the lock, and leaves.
    """
    round = Round.objects.select_for_update(no_key=True, skip_locked=True).filter(id=round_id)
    progress = RoundOffering.objects.filter(round__in=list(round)).select_related("round").first()
    return progress is not None and _next_batch(progress.round, progress)


def _next_batch(round: Round, progress: RoundOffering) -> bool:
    """Whether there are more after these."""
    tasks, last = queries.next_tasks(progress=progress, most=BATCH)
    progress.looked_at += seats.lock_tasks(tasks=tasks)
    if round.state == RoundState.OPEN:
        seats.offer_all(tasks=tasks)
    else:
        seats.offer_none_of(tasks=tasks)
    if last is None:
        progress.delete()
        return False
    progress.after = last
    progress.save(update_fields=["looked_at", "after"])
    return True


def ring_waiting() -> int:
    """Ring for every round whose seats have not all followed; how many there are."""
    waiting = list(RoundOffering.objects.values_list("round_id", flat=True))
    for round_id in waiting:
        enqueue(TASK, round_id)
    return len(waiting)
