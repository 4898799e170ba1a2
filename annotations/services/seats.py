"""Changes of seats. The caller of each function holds a lock on the task.

A seat moves with its assignment, whose log tells of both. Leasing and filling a seat are statements
of their own, because they are most of the work of a judgement (decision 11).

Locks are always taken in this order: round, members by id, load of a person, budget of the study,
tasks by id, order balance. No transaction waits for a task while it holds the lock of another one,
so there are no deadlocks.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from annotations.models import Assignment, Seat, Task, TaskResponse
from annotations.models.querysets import withdrawn
from annotations.queries import assignments as queries
from annotations.rules.states import SEAT_STATES, RoundState, SeatState
from codesign.shared.compiled_queries import CompiledQuery
from codesign.shared.transition import machine_of_items, move_items
from codesign.studies.models import Member


def locked_task(*, task_id: uuid.UUID) -> Task:
    """Return the task with its round and prompt, locked until the transaction ends."""
    return (
        Task.objects.select_for_update(no_key=True, of=("self",))
        .select_related("round", "prompt")
        .get(id=task_id)
    )


def lock_tasks(*, tasks: QuerySet[Task]) -> int:
    """Lock tasks by id until the transaction ends. Return their number, without loading ids."""
    locked = tasks.order_by("id").select_for_update(no_key=True).values("id")
    sql, parameters = locked.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH locked AS ({sql}) SELECT count(*) FROM locked", parameters)  # noqa: S608
        return int(cursor.fetchone()[0])


def lock_members(*, cohorts: QuerySet[Any]) -> None:
    """Lock all members of these cohorts, by id, until the transaction ends."""
    judging = Member.objects.filter(cohort__in=cohorts).order_by("id")
    list(judging.select_for_update(no_key=True).values_list("id"))


TAKE = """
    WITH chosen (seat_id, task_id, number, same_task_id, round_id) AS ({first_waiting}),
    taken AS (
        UPDATE annotations_seat SET state = 'leased', offered = false
        FROM chosen WHERE id = chosen.seat_id AND offered RETURNING id
    )
    SELECT seat_id, task_id, number, round_id, EXISTS (SELECT FROM taken), (
        SELECT id FROM annotations_assignment AS begun
        WHERE begun.task_id = chosen.task_id AND member_id = %s AND draft IS NOT NULL
        ORDER BY draft_saved_at DESC LIMIT 1
    ), EXISTS (
        SELECT FROM annotations_assignment AS undone
        WHERE undone.task_id = chosen.task_id AND member_id = %s
          AND state = 'expired' AND skip_paid
    ), EXISTS (
        SELECT FROM annotations_topicchoice AS asked, annotations_task AS task, annotations_prompt
        WHERE asked.member_id = %s AND asked.choice = 'ask' AND task.id = chosen.task_id
          AND annotations_prompt.id = task.prompt_id AND asked.topic = ANY (topics)
    ) FROM chosen
"""
OFFER_LOWEST = """
    UPDATE annotations_seat SET offered = true WHERE NOT offered AND id = (
        SELECT id FROM annotations_seat
        WHERE task_id = %s AND cohort_id = %s AND state = 'free' ORDER BY number LIMIT 1
    )
"""
OFFER_ALL = """
    WITH these AS MATERIALIZED ({tasks}), lowest AS MATERIALIZED (
        SELECT seat.id FROM these, LATERAL (
            SELECT DISTINCT ON (cohort_id) id FROM annotations_seat
            WHERE task_id = these.id AND state = 'free' ORDER BY cohort_id, number
        ) seat
        WHERE (SELECT withdrawn_at IS NULL FROM annotations_prompt WHERE id = these.prompt_id)
          AND NOT EXISTS (
            SELECT FROM annotations_taskresponse placed, LATERAL (
                SELECT FROM annotations_response
                WHERE id = placed.response_id AND withdrawn_at IS NOT NULL OFFSET 0
            ) pulled WHERE placed.task_id = these.id OFFSET 0
          )
    )
    UPDATE annotations_seat SET offered = true
    WHERE id = ANY (ARRAY(SELECT id FROM lowest)) AND NOT offered
"""
OFFER_NONE = """
    WITH these AS MATERIALIZED ({tasks}), offered AS MATERIALIZED (
        SELECT seat.id FROM these, LATERAL (
            SELECT id FROM annotations_seat WHERE task_id = these.id AND offered OFFSET 0
        ) seat
    )
    UPDATE annotations_seat SET offered = false WHERE id = ANY (ARRAY(SELECT id FROM offered))
"""
"""Reads seats task by task, by an index, so that a batch never reads the whole table."""
FILL = """
    WITH filled AS (UPDATE annotations_seat SET state = 'filled' WHERE id = %s)
    UPDATE annotations_assignment SET state = %s, seat_id = %s, ended_at = %s, example = %s,
      spare_seconds = %s, later_until = NULL
    WHERE id = %s
"""


machine_of_items(Seat, SEAT_STATES, module=__name__, logged_by="the assignment of the seat")


@dataclass(frozen=True)
class FirstSeat:
    """The first seat offered to a member, and whether they have it now.

    `begun_id` is their earlier assignment of this task with the newest draft, if any.
    `paid_before`: they skipped it, were paid, and undid the skip. `asked_first`: they want to be
    asked before they read about one of its topics.
    """

    seat_id: int
    task_id: uuid.UUID
    number: int
    round_id: uuid.UUID
    taken: bool
    begun_id: uuid.UUID | None
    paid_before: bool
    asked_first: bool


COMPARISONS = 3
"""One in this number of leases looks for seats of evaluation rounds first."""


def take_first(*, member: Member, skip_locked: bool, light: bool) -> FirstSeat | None:
    """Lock the task of the first seat offered to a member, and lease the seat.

    The query may see data that is older than the lock. If somebody else took the seat first,
    `taken` is False and the caller tries again. The caller offers the next seat.

    Seats of evaluation rounds are mixed in at random, so that their place reveals nothing. If one
    kind is used up, a second statement takes the other. `light` leaves out prompts of the highest
    intensity.
    """
    if not skip_locked:
        waiting = queries.first_light_waiting if light else queries.first_waiting
        return _take(waiting, member=member)
    free = queries.first_light_free if light else queries.first_free
    if not secrets.randbelow(COMPARISONS):
        return _take(free, member=member)
    ordinary = queries.first_light_ordinary if light else queries.first_ordinary
    return _take(ordinary, member=member) or _take(free, member=member)


def take_again(*, member: Member, task_id: uuid.UUID) -> FirstSeat | None:
    """Do the same for the offered seat of one task, if the member may have it."""
    return _take(queries.first_of_task, member=member, task_id=task_id)


def _take(first: CompiledQuery[Seat], *, member: Member, **which: uuid.UUID) -> FirstSeat | None:
    parameters = first.parameters(member_id=member.id, cohort_id=member.cohort_id, **which)
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(first_waiting=first.sql), [*parameters, *[member.id] * 3])
        row = cursor.fetchone()
    return FirstSeat(*row) if row else None


def take_late(*, task: Task, cohort_id: uuid.UUID) -> Seat | None:
    """Fill a free seat with work that was sent after its lease; None if all are taken.

    If the round is closed, the next seat is not offered.
    """
    free = Seat.objects.filter(task=task, cohort_id=cohort_id, state=SeatState.FREE)
    seat = free.order_by("number").first()
    if seat is None:
        return None
    taken = Seat.objects.filter(id=seat.id)
    move_items(taken, old=SeatState.FREE, to=SeatState.FILLED, offered=False)
    if task.round.state == RoundState.OPEN:
        offer_lowest(task_id=seat.task_id, cohort_id=seat.cohort_id)
    return seat


def fill(*, assignment: Assignment) -> None:
    """Store the end of an assignment with a judgement and fill its seat, in one statement.

    The seat needs no lock, because nobody else changes a leased seat. An assignment that holds no
    seat changes none.
    """
    own = assignment.seat_id if assignment.holds_seat else None
    ended = (assignment.state, assignment.seat_id, assignment.ended_at, assignment.example)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [own, *ended, assignment.spare_seconds, assignment.id])


def free(*, seat: Seat, task: Task) -> None:
    """Free a seat, and offer it if it is the lowest free one of a task in an open round."""
    same = Seat.objects.filter(task_id=seat.task_id, cohort_id=seat.cohort_id)
    move_items(Seat.objects.filter(id=seat.id), old=SeatState.LEASED, to=SeatState.FREE)
    if task.round.state == RoundState.OPEN and task.prompt.withdrawn_at is None:
        same.filter(offered=True, number__gt=seat.number).update(offered=False)
        offer_lowest(task_id=seat.task_id, cohort_id=seat.cohort_id)


def offer_lowest(*, task_id: uuid.UUID, cohort_id: uuid.UUID) -> None:
    """Offer the free seat with the lowest number, if any."""
    with connection.cursor() as cursor:
        cursor.execute(OFFER_LOWEST, [task_id, cohort_id])


def offer_all(*, tasks: QuerySet[Task]) -> None:
    """Offer the lowest free seat of each task and cohort, unless a text is withdrawn."""
    _by_task(OFFER_ALL, tasks)


def offer_none_of(*, tasks: QuerySet[Task]) -> None:
    """Stop offering seats of these tasks. The caller has locked the tasks."""
    _by_task(OFFER_NONE, tasks)


def _by_task(statement: str, tasks: QuerySet[Task]) -> None:
    sql, parameters = tasks.order_by().values("id", "prompt_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement.format(tasks=sql), parameters)


def may_be_judged(*, task: Task) -> bool:
    """Return whether neither the prompt nor a response of a task is withdrawn."""
    if task.prompt.withdrawn_at is not None:
        return False
    return not TaskResponse.objects.filter(withdrawn("response"), task=task).exists()
