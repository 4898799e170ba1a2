"""Choose and lease the seat that a locked member gets next."""

from __future__ import annotations

import uuid
from datetime import datetime

from annotations.contract.unchecked import holds_answers
from annotations.models import Assignment
from annotations.queries import assignments as queries
from annotations.queries import load
from annotations.rules.load import Day
from annotations.rules.states import AssignmentState
from annotations.services import seats, special_items
from codesign.studies.models import Member

PATIENCE = 100
"""Attempts to take a seat while others take the same ones."""


def special_for(
    *, member: Member, last: Assignment | None, day: Day, now: datetime
) -> special_items.Special | None:
    """Return a training item or hidden check to lease, if one is due.

    On a new day, those that the member put off come back, like other texts.
    """
    if (last is None or last.leads_aside or not last.holds_seat) and (
        special := special_items.next_for(member=member, last=last, now=now)
    ):
        return special
    if last and day.is_new:
        return special_items.put_off_for(member=member, last=last, now=now)
    return None


def wanted_first(
    *, member: Member, last: Assignment | None, day: Day, now: datetime
) -> seats.FirstSeat | None:
    """Lease a task that the member expects to continue with, if it is still free.

    That is the one that they stopped, if they had begun to answer or it was of the highest
    intensity, which they could not get anew; and on a new day, those that they put off.
    """
    tasks: list[uuid.UUID] = []
    if last and last.state == AssignmentState.EXPIRED:
        heavy = load.was_heaviest(last, now=now)
        tasks = [last.task_id] if heavy or holds_answers(last.draft) else []
    if last and day.is_new:
        tasks += queries.put_off_before(member_id=member.id, now=now)
    for task_id in tasks:
        seat = seats.take_again(member=member, task_id=task_id)
        if seat and seat.taken:
            return seat
    return None


def seat_for(
    *, member: Member, wait: bool, last: Assignment | None, now: datetime
) -> tuple[seats.FirstSeat | None, bool]:
    """Return (a seat that is now leased to the member, whether others hold the remaining tasks).

    A text of the highest intensity never follows another one. Only the first search may wait, and
    only while no other task is locked.
    """
    light = load.is_after_heaviest(member, last, now=now)
    for skip_locked in [False] if wait else [True] * PATIENCE:
        first = seats.take_first(member=member, skip_locked=skip_locked, light=light)
        if first is None:
            waiting = queries.waiting_seats(member)
            waiting = waiting.not_heaviest() if light else waiting
            return None, not wait and waiting.exists()
        if first.taken:
            return first, False
    return None, True
