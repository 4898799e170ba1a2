"""Moving seats. Every function here is called under a lock on the task's row.

Locks are always taken in this order: round, members by id, tasks by id, order balance. Nobody
waits for a task while holding another, so two people can never wait for each other.
"""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, QuerySet

from annotations.models import Prompt, Round, Seat, Task
from annotations.rules.states import RoundState, SeatState


def locked_task(*, task_id: uuid.UUID) -> Task:
    """The task with its round and prompt, locked until the transaction ends."""
    return (
        Task.objects.select_for_update(no_key=True, of=("self",))
        .select_related("round", "prompt")
        .get(id=task_id)
    )


def take(*, seat: Seat, overlap: int) -> bool:
    """Lease an offered seat and offer the next; False where somebody was quicker.

    The offered seat is the free one with the lowest number, so after the last one nothing is
    left to offer.
    """
    taken = Seat.objects.filter(id=seat.id, offered=True).update(
        state=SeatState.LEASED, offered=False
    )
    if taken and seat.number < overlap:
        _offer_lowest(seat.task_id, seat.cohort_id)
    return bool(taken)


def take_late(*, task: Task, cohort_id: uuid.UUID) -> Seat | None:
    """Fill a free seat with work that came after its lease; None where all are taken by now."""
    free = Seat.objects.filter(task=task, cohort_id=cohort_id, state=SeatState.FREE)
    seat = free.order_by("number").first()
    if seat is None:
        return None
    Seat.objects.filter(id=seat.id).update(state=SeatState.FILLED, offered=False)
    _offer_lowest(seat.task_id, seat.cohort_id)
    return seat


def fill(*, seat_id: int) -> None:
    """A leased seat got its judgement. It needs no lock: nobody else moves a leased seat."""
    Seat.objects.filter(id=seat_id).update(state=SeatState.FILLED)


def free(*, seat: Seat, task: Task) -> None:
    """Give a seat back, and offer it if it is now the lowest free one of an open task."""
    same = Seat.objects.filter(task_id=seat.task_id, cohort_id=seat.cohort_id)
    Seat.objects.filter(id=seat.id).update(state=SeatState.FREE)
    if task.round.state == RoundState.OPEN and task.prompt.withdrawn_at is None:
        same.filter(offered=True, number__gt=seat.number).update(offered=False)
        _offer_lowest(seat.task_id, seat.cohort_id)


def _offer_lowest(task_id: uuid.UUID, cohort_id: uuid.UUID) -> None:
    same = Seat.objects.filter(task_id=task_id, cohort_id=cohort_id)
    lowest = same.filter(state=SeatState.FREE).order_by("number").values("id")[:1]
    Seat.objects.filter(id__in=lowest, offered=False).update(offered=True)


def offer_all(*, round: Round) -> int:
    """Offer the lowest free seat of each task and cohort of a round; how many there are now."""
    lower = _of_open_prompts(round).filter(
        task_id=OuterRef("task_id"), cohort_id=OuterRef("cohort_id"), number__lt=OuterRef("number")
    )
    return _of_open_prompts(round).filter(~Exists(lower)).update(offered=True)


def offer_none_of(*, prompt: Prompt) -> None:
    """Offer nothing of a prompt; its tasks are locked by the caller."""
    Seat.objects.filter(task__prompt=prompt, offered=True).update(offered=False)


def offer_none(*, round: Round) -> None:
    """Offer nothing of a round."""
    Seat.objects.filter(task__round=round, offered=True).update(offered=False)


def _of_open_prompts(round: Round) -> QuerySet[Seat]:
    return Seat.objects.filter(
        task__round=round, state=SeatState.FREE, task__prompt__withdrawn_at=None
    )
