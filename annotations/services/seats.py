"""Moving seats. Every function here is called under a lock on the task's row.

Locks are always taken in this order: round, members by id, tasks by id, order balance. Nobody
waits for a task while holding another, so two people can never wait for each other.
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
from annotations.rules.states import RoundState, SeatState
from codesign.shared.compiled_queries import CompiledQuery
from codesign.studies.models import Member


def locked_task(*, task_id: uuid.UUID) -> Task:
    """The task with its round and prompt, locked until the transaction ends."""
    return (
        Task.objects.select_for_update(no_key=True, of=("self",))
        .select_related("round", "prompt")
        .get(id=task_id)
    )


def lock_tasks(*, tasks: QuerySet[Task]) -> int:
    """Lock tasks by id until the transaction ends; how many. Their ids stay in the database."""
    locked = tasks.order_by("id").select_for_update(no_key=True).values("id")
    sql, parameters = locked.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH locked AS ({sql}) SELECT count(*) FROM locked", parameters)  # noqa: S608
        return int(cursor.fetchone()[0])


def lock_members(*, cohorts: QuerySet[Any]) -> None:
    """Lock everybody who judges in these cohorts, by id, until the transaction ends."""
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
"""Task by task, by the index over their seats: a batch never reads all the seats there are."""
FILL = """
    WITH filled AS (UPDATE annotations_seat SET state = 'filled' WHERE id = %s)
    UPDATE annotations_assignment SET state = %s, seat_id = %s, ended_at = %s, example = %s,
      spare_seconds = %s, pay_check = %s
    WHERE id = %s
"""


@dataclass(frozen=True)
class Look:
    """The first seat on offer to a member, and whether it is theirs now.

    `begun_id`: their earlier assignment of this task that holds the newest draft, if any does.
    """

    seat_id: int
    task_id: uuid.UUID
    number: int
    round_id: uuid.UUID
    taken: bool
    begun_id: uuid.UUID | None


COMPARISONS = 3
"""One lease in so many goes to a comparison of models first, the others to all else first."""


def take_first(*, member: Member, skip_locked: bool) -> Look | None:
    """Lock the task of the first seat on offer to a member, and lease the seat.

    What the query sees may be older than the lock: where somebody was quicker, the seat is not
    taken, and the caller looks again. The caller offers the next seat.

    Comparisons of models come in among the rest at random, so that their place tells nothing; each
    kind comes alone where nothing of the other is left. A second statement is needed for that
    alone.
    """
    if not skip_locked:
        return _take(queries.first_waiting, member=member)
    if not secrets.randbelow(COMPARISONS):
        return _take(queries.first_free, member=member)
    ordinary = _take(queries.first_ordinary, member=member)
    return ordinary or _take(queries.first_free, member=member)


def take_again(*, member: Member, task_id: uuid.UUID) -> Look | None:
    """The same for the seat on offer of one task, where it is offered to that member."""
    return _take(queries.first_of_task, member=member, task_id=task_id)


def _take(first: CompiledQuery[Seat], *, member: Member, **which: uuid.UUID) -> Look | None:
    found = first.parameters(member_id=member.id, cohort_id=member.cohort_id, **which)
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(first_waiting=first.sql), [*found, member.id])
        row = cursor.fetchone()
    return Look(*row) if row else None


def take_late(*, task: Task, cohort_id: uuid.UUID) -> Seat | None:
    """Fill a free seat with work that came after its lease; None where all are taken by now.

    Of a round that was closed since, nothing more is offered.
    """
    free = Seat.objects.filter(task=task, cohort_id=cohort_id, state=SeatState.FREE)
    seat = free.order_by("number").first()
    if seat is None:
        return None
    Seat.objects.filter(id=seat.id).update(state=SeatState.FILLED, offered=False)
    if task.round.state == RoundState.OPEN:
        offer_lowest(task_id=seat.task_id, cohort_id=seat.cohort_id)
    return seat


def fill(*, assignment: Assignment) -> None:
    """Store how an assignment ended with a judgement, and its seat as filled; one statement.

    The seat needs no lock: nobody else moves a leased seat.
    """
    ended = (assignment.state, assignment.seat_id, assignment.ended_at, assignment.example)
    pay = (assignment.spare_seconds, assignment.pay_check)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [assignment.seat_id, *ended, *pay, assignment.id])


def free(*, seat: Seat, task: Task) -> None:
    """Give a seat back, and offer it if it is now the lowest free one of an open task."""
    same = Seat.objects.filter(task_id=seat.task_id, cohort_id=seat.cohort_id)
    Seat.objects.filter(id=seat.id).update(state=SeatState.FREE)
    if task.round.state == RoundState.OPEN and task.prompt.withdrawn_at is None:
        same.filter(offered=True, number__gt=seat.number).update(offered=False)
        offer_lowest(task_id=seat.task_id, cohort_id=seat.cohort_id)


def offer_lowest(*, task_id: uuid.UUID, cohort_id: uuid.UUID) -> None:
    """Offer the free seat with the lowest number, if there is one; another offer stays away."""
    with connection.cursor() as cursor:
        cursor.execute(OFFER_LOWEST, [task_id, cohort_id])


def offer_all(*, tasks: QuerySet[Task]) -> None:
    """Offer the lowest free seat of each of these tasks and cohort, unless the task was pulled."""
    _by_task(OFFER_ALL, tasks)


def offer_none_of(*, tasks: QuerySet[Task]) -> None:
    """Offer nothing of these tasks, which the caller has locked."""
    _by_task(OFFER_NONE, tasks)


def _by_task(statement: str, tasks: QuerySet[Task]) -> None:
    sql, parameters = tasks.order_by().values("id", "prompt_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement.format(tasks=sql), parameters)


def may_be_judged(*, task: Task) -> bool:
    """Whether neither the prompt nor a response of a task was pulled."""
    if task.prompt.withdrawn_at is not None:
        return False
    pulled = TaskResponse.objects.filter(withdrawn("response"), task=task)
    return not pulled.exists()
