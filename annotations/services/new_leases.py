"""Make the assignment of a leased seat: its order, its pay, and what it carries from the last one.

The caller holds the lock on the member. Rules about speed, load and sittings need figures of what
came before. They are columns that each assignment takes over from the last one, so that a lease
adds up nothing.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from annotations.models import Assignment, Response
from annotations.queries import assignments as queries
from annotations.queries import rubrics
from annotations.rules import order, sittings, work_speed
from annotations.rules.asks import asks_without
from annotations.rules.states import AssignmentState, ItemKind
from annotations.rules.topics import needs_note
from annotations.services import seats
from codesign.care.models import Adjustments
from codesign.care.rules.adjustments import LeaseTime
from codesign.compensation.models import PayRate
from codesign.compensation.rules.pay_rates import pay_for, seconds_for
from codesign.shared.compiled_queries import insert
from codesign.studies.models import Member

KEEP_LEAD = """
    INSERT INTO annotations_orderbalance (member_id, first_source, second_source, lead)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (member_id, first_source, second_source) DO UPDATE SET lead = excluded.lead
"""


def make(
    *,
    member: Member,
    seat: seats.FirstSeat,
    rate: PayRate,
    last: Assignment | None,
    begun: Assignment | None,
    load_before: int,
    now: datetime,
    shown_at: datetime | None,
    kind: ItemKind = ItemKind.ORDINARY,
) -> Assignment:
    """Store the assignment of a seat that the member has just taken.

    `last` is their last assignment and `begun` an earlier one of the same task to continue: its
    draft, its order, and the time when it was first shown are kept, so people who read it earlier
    can send it quickly. A text whose skip was paid and undone pays nothing more. What the member
    leaves out is not asked, and the pay stays the same (decision 39).
    """
    plan = rubrics.plan_of(seat.round_id, member.cohort_id)
    ordinary = kind == ItemKind.ORDINARY
    if ordinary and seat.number < plan.overlap:
        seats.offer_lowest(task_id=seat.task_id, cohort_id=rate.cohort_id)
    responses = queries.responses_of.all(task_id=seat.task_id)
    adjusted = getattr(member, "adjustments", None)
    prompt = responses[0].prompt
    shown = _order_for(member, responses, begun=begun, ordinary=ordinary)
    covered = needs_note(intensity=prompt.intensity, asked_first=seat.asked_first)
    made = Assignment(
        study=member.study,
        member=member,
        task_id=seat.task_id,
        prompt=prompt,
        seat_id=seat.seat_id,
        asks=list(asks_without(plan.asks, left_out=adjusted.left_out if adjusted else ())),
        rubric_id=plan.rubric_id,
        **_order_fields(shown),
        **_pay(rate, responses, paid_before=seat.paid_before),
        intensity=prompt.intensity,
        item_kind=kind,
        check_after=ordinary and plan.draws_check(),
        **_pace(rate, responses, last, now),
        leased_at=now,
        expires_at=now + _lease_time(adjusted),
        **_sitting(last, now),
        load_before=load_before,
        covered=covered,
        **_kept(begun, None if covered else shown_at),
    )
    _insert(made)
    made.responses = {response.id: response for response in responses}
    return made


def _lease_time(adjusted: Adjustments | None) -> timedelta:
    """Return how long the text stays with the member; longer if they chose so."""
    times = adjusted.lease_times if adjusted else LeaseTime.USUAL
    return times * timedelta(minutes=settings.ASSIGNMENT_LEASE_MINUTES)


def _insert(made: Assignment) -> None:
    if made.holds_seat:
        insert(made)  # of the judging loop; leaves the kind to the database
    else:
        made.save(force_insert=True)


def begun_of(*, seat: seats.FirstSeat, last: Assignment | None) -> Assignment | None:
    """Return the member's earlier assignment of this task with a draft, if any, to continue it."""
    if seat.begun_id is None:
        return None
    is_last = last is not None and last.id == seat.begun_id
    return last if last and is_last else Assignment.objects.get(id=seat.begun_id)


def _pay(rate: PayRate, responses: Sequence[Response], *, paid_before: bool) -> dict[str, Any]:
    amount = pay_for(amount_minor=rate.amount_minor, replies=len(responses))
    return {"amount_minor": 0 if paid_before else amount, "currency": rate.currency}


def _order_fields(shown: order.Order) -> dict[str, Any]:
    return {
        "order_shown": list(shown.ids),
        "seed": shown.seed,
        "propensity": shown.propensity,
    }


def _kept(begun: Assignment | None, shown_at: datetime | None) -> dict[str, Any]:
    if begun is None:
        return {"first_shown_at": shown_at}
    return {
        "first_shown_at": begun.first_shown_at or shown_at,
        "draft": begun.draft,
        "draft_saved_at": begun.draft_saved_at,
    }


def _order_of(begun: Assignment) -> order.Order:
    """Return the order of the draft, so that its answers about reply A stay valid."""
    return order.Order(
        ids=tuple(begun.order_shown), seed=begun.seed, propensity=begun.propensity, lead=0
    )


def _sitting(last: Assignment | None, now: datetime) -> dict[str, Any]:
    """Return the current sitting and its start, or a new one after a longer pause."""
    if last is None or not sittings.same_sitting(ended_at=last.ended_at, now=now):
        return {"sitting": uuid.uuid4(), "sitting_began": now}
    return {"sitting": last.sitting, "sitting_began": last.sitting_began or now}


def _pace(
    rate: PayRate, responses: Sequence[Response], last: Assignment | None, now: datetime
) -> dict[str, int]:
    """Return the fields that `rules.work_speed` uses when this lease ends."""
    promised = seconds_for(estimated_seconds=rate.estimated_seconds, replies=len(responses))
    return {
        "promised_seconds": promised,
        "words_shown": _words(responses),
        "spare_seconds": work_speed.spare_at(
            last.spare if last else None,
            now=now,
            promised=promised,
            pace=settings.PAY_PACE,
        ),
        "skips_before": _skips_before(last, now),
    }


def _words(responses: Sequence[Response]) -> int:
    """Count the words of a prompt and its responses, without system messages."""
    turns = responses[0].prompt.messages
    asked = (turn["content"] for turn in turns if turn["role"] != "system")
    return work_speed.count_words([*asked, *(response.text for response in responses)])


def _skips_before(last: Assignment | None, now: datetime) -> int:
    if last is None:
        return 0
    return work_speed.skips_before(
        skips=last.skips_before or 0,
        skipped=last.state == AssignmentState.SKIPPED,
        judged=last.state == AssignmentState.SUBMITTED,
        pause=now - (last.ended_at or last.leased_at),
    )


def _order_for(
    member: Member, responses: Sequence[Response], *, begun: Assignment | None, ordinary: bool
) -> order.Order:
    if begun:
        return _order_of(begun)
    return _order(member, responses) if ordinary else _order_aside(responses)


def _order_aside(responses: Sequence[Response]) -> order.Order:
    """Decide the order of a text that is no vote, without a change of the balance."""
    seed = random.SystemRandom().getrandbits(63)
    candidates = [order.Candidate(id=response.id, source=response.source) for response in responses]
    return order.decide(candidates, seed=seed, lead=0)


def _order(member: Member, responses: Sequence[Response]) -> order.Order:
    """Decide the order of responses, and store the balance of the pair of sources."""
    seed = random.SystemRandom().getrandbits(63)
    candidates = [order.Candidate(id=response.id, source=response.source) for response in responses]
    pair = order.balanced_pair(candidates)
    if pair is None:
        return order.decide(candidates, seed=seed, lead=0)  # no pair to balance
    first, second = pair
    leads = queries.leads_of.rows(member_id=member.id, first_source=first, second_source=second)
    decided = order.decide(candidates, seed=seed, lead=leads[0][0] if leads else 0)
    with connection.cursor() as cursor:
        cursor.execute(KEEP_LEAD, [member.id, first, second, decided.lead])
    return decided
