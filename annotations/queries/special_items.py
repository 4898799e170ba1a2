"""Queries for training items and hidden checks: what a member may be given, and how it went."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from annotations.models import (
    Assignment,
    ExpectedAnswer,
    Judgement,
    Prompt,
    Round,
    Seat,
    TopicChoice,
)
from annotations.models.querysets import SeatQuerySet, in_use
from annotations.queries import rubrics
from annotations.queries.shown import ShownAssignment, label_of, shown_prompt, shown_rubric
from annotations.rules.model_markup import readable
from annotations.rules.special_items import (
    REPEAT_GAP,
    Agreement,
    comparisons_agree,
    ratings_agree,
)
from annotations.rules.states import Ask, ItemKind, RoundKind, RoundState, SeatState
from annotations.rules.topics import HEAVIEST, Choice
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies.models import Member

MOST_CANDIDATES = 500
"""Texts among which a repeat is drawn: the latest that may come back."""


def shared_seats(member: Member, kind: RoundKind, *, light: bool) -> SeatQuerySet:
    """Return the seats of open rounds of a kind that a member may be given, in order.

    `light` leaves out prompts of the highest intensity.
    """
    seats = Seat.objects.not_had_by(member.id).not_refused_by(member.id).not_put_off_by(member.id)
    seats = seats.filter(
        in_use("task__prompt"),
        cohort=member.cohort_id,
        state=SeatState.SHARED,
        expected__isnull=False,
        task__round__kind=kind,
        task__round__state=RoundState.OPEN,
    )
    seats = seats.not_heaviest() if light else seats
    return seats.select_related("task__prompt").order_by("task__round__created_at", "id")


def repeatable(member: Member, *, light: bool) -> list[Assignment]:
    """Return judged assignments whose text may come back to the member as a hidden repeat.

    A text comes back at most once, and only after `REPEAT_GAP` others.
    """
    mine = Assignment.objects.filter(member_id=member.id)
    since = mine.order_by("-leased_at").values_list("leased_at", flat=True)
    gap = list(since[REPEAT_GAP - 1 : REPEAT_GAP])
    if not gap:
        return []
    refused = TopicChoice.objects.filter(member_id=member.id, choice=Choice.NEVER)
    judged = (
        mine.submitted()
        .by_people()
        .filter(
            in_use("prompt"),
            ~Q(prompt__topics__overlap=refused.values("topic")),
            ~Q(task_id__in=mine.filter(item_kind=ItemKind.REPEAT).values("task_id")),
            item_kind=ItemKind.ORDINARY,
            leased_at__lt=gap[0],
            seat__cohort=member.cohort_id,
            task__round__state=RoundState.OPEN,
            task__round__check_every__isnull=False,
        )
    )
    judged = judged.filter(prompt__intensity__lt=HEAVIEST) if light else judged
    return list(judged.select_related("task__prompt").order_by("-leased_at")[:MOST_CANDIDATES])


def begun_of(member: Member, *, task_id: uuid.UUID, kind: ItemKind) -> Assignment | None:
    """Return the member's newest assignment of that kind that expired with a draft, if any."""
    mine = Assignment.objects.filter(member_id=member.id, task_id=task_id, item_kind=kind)
    return mine.filter(draft__isnull=False).order_by("-draft_saved_at").first()


def put_off_before(*, member_id: uuid.UUID, now: datetime) -> list[Assignment]:
    """Return the newest special assignments that a member put off, if not judged since; three."""
    special = Assignment.objects.filter(member_id=member_id).exclude(item_kind=ItemKind.ORDINARY)
    put_off = special.filter(later_until__lte=now)
    put_off = put_off.exclude(task_id__in=special.had().values("task_id"))
    return list(put_off.order_by("-later_until", "-ended_at")[:3])


def may_continue(member: Member, begun: Assignment, *, light: bool) -> bool:
    """Return whether the member may get the text of an earlier special assignment again.

    The round is open, the text was neither judged nor skipped, and the member has neither refused
    its topics nor put it off. With `light`, it is not of the highest intensity.
    """
    same = Assignment.objects.filter(
        member_id=member.id, task_id=begun.task_id, item_kind=begun.item_kind
    )
    allowed = Seat.objects.not_refused_by(member.id).not_put_off_by(member.id)
    if light:
        allowed = allowed.not_heaviest()
    seat = allowed.filter(
        id=begun.seat_id, cohort=member.cohort_id, task__round__state=RoundState.OPEN
    )
    return seat.exists() and not same.had().exists()


def asks_first(member: Member, *, task_id: uuid.UUID) -> bool:
    """Return whether the member wants to be asked before they read the text of a task."""
    topics = Prompt.objects.filter(tasks=task_id).values_list("topics", flat=True).get()
    asked = TopicChoice.objects.filter(member_id=member.id, choice=Choice.ASK, topic__in=topics)
    return asked.exists()


def items_of(*, round: Round) -> QuerySet[Seat]:
    """Return the seats of a round with expected answers, with prompts and cohorts, in order."""
    seats = Seat.objects.filter(task__round=round, state=SeatState.SHARED)
    return seats.select_related("task__prompt", "cohort", "expected").order_by("cohort", "id")


def item_in(*, study_id: uuid.UUID, seat_id: int) -> Seat:
    """Return a seat of a round with expected answers."""
    seats = Seat.objects.filter(state=SeatState.SHARED, task__round__study_id=study_id, id=seat_id)
    seat = seats.select_related("task__prompt", "task__round__study", "cohort", "expected").first()
    if seat is None:
        raise NotFound(_("This study has no such text."))
    return seat


def without_answers(*, round: Round) -> int:
    """Return the number of texts of a round that have no expected answer yet."""
    return items_of(round=round).filter(expected__isnull=True).count()


def shown_item(*, seat: Seat, language: str) -> ShownAssignment:
    """Return a text with an expected answer as people see it; that answer is the draft."""
    plan = rubrics.plan_of(seat.task.round_id, seat.cohort_id)
    words = rubrics.rubric_in(plan.rubric_id, language)
    prompt = seat.task.prompt
    placed = seat.task.task_responses.select_related("response").order_by("position")
    expected = getattr(seat, "expected", None)
    return {
        "id": str(seat.task_id),
        "study": seat.task.round.study.slug,
        "state": "",
        "expires_at": "",
        "prompt": shown_prompt(prompt),
        "responses": [
            {
                "id": str(one.response_id),
                "label": label_of(place),
                "text": readable(one.response.text).text,
            }
            for place, one in enumerate(placed)
        ],
        "rubric": shown_rubric(words),
        "turns": list(words.turns_of(prompt.messages)) if Ask.RATING in plan.asks else [],
        "asks": list(plan.asks),
        "pay": {"amount_minor": 0, "currency": "EUR"},
        "covered": False,
        "training": True,
        "draft": expected.answers if expected else None,
    }


@dataclass(frozen=True)
class Feedback:
    """What a person answered to a training item, what others looked at, and the explanation."""

    judgement: Judgement
    expected: ExpectedAnswer


def feedback_on(*, actor: Actor, assignment: Assignment) -> Feedback | None:
    """Return the feedback on the actor's own training item, once it is judged; otherwise None."""
    if assignment.member.user_id != actor.user_id:
        raise NotFound
    if assignment.item_kind != ItemKind.TRAINING:
        return None
    judgements = Judgement.objects.latest_revisions().filter(assignment=assignment)
    judgement = judgements.select_related("assignment").first()
    expected = ExpectedAnswer.objects.filter(seat=assignment.seat_id).first()
    return Feedback(judgement, expected) if judgement and expected else None


@dataclass(frozen=True)
class Consistency:
    """How often people gave the same answers twice, or the expected ones to attention items."""

    texts: int
    ratings: Agreement
    comparisons: Agreement


def consistency_of(*, round: Round) -> Consistency | None:
    """Return the figures of a round that has hidden checks or attention items, otherwise None."""
    if round.kind == RoundKind.ATTENTION:
        return attention_of(round=round)
    return retest_of(round=round) if round.check_every else None


def retest_of(*, round: Round) -> Consistency:
    """Return the agreement of people with themselves on the hidden repeats of a round."""
    repeats = _judged(ItemKind.REPEAT).filter(assignment__task__round=round)
    first = {
        (one.member_id, one.assignment.task_id): one
        for one in _judged(ItemKind.ORDINARY).filter(
            assignment__task__in=repeats.order_by().values("assignment__task"),
            member__in=repeats.order_by().values("member"),
        )
    }
    pairs = [
        (_answers(first[key]), _answers(one), one.assignment)
        for one in repeats
        if (key := (one.member_id, one.assignment.task_id)) in first
    ]
    return _consistency(pairs)


def attention_of(*, round: Round) -> Consistency:
    """Return the agreement with the expected answers of an attention round."""
    sent = _judged(ItemKind.ATTENTION).filter(assignment__task__round=round)
    expected = dict(
        ExpectedAnswer.objects.filter(seat__task__round=round).values_list("seat_id", "answers")
    )
    pairs = [
        (expected[one.assignment.seat_id], _answers(one), one.assignment)
        for one in sent
        if one.assignment.seat_id in expected
    ]
    return _consistency(pairs)


def _judged(kind: ItemKind) -> QuerySet[Judgement]:
    judgements = Judgement.objects.latest_revisions().filter(assignment__item_kind=kind)
    return judgements.select_related("assignment").order_by("id")


def _answers(judgement: Judgement) -> dict[str, Any]:
    return {
        "ratings": judgement.ratings,
        "turn_ratings": judgement.turn_ratings or [],
        "ranking": judgement.ranking,
        "all_harmful": judgement.all_harmful,
    }


def _consistency(pairs: list[tuple[dict[str, Any], dict[str, Any], Assignment]]) -> Consistency:
    ratings, comparisons = Agreement(), Agreement()
    for one, two, assignment in pairs:
        unordered = rubrics.rubric_in(assignment.rubric_id, "").categories
        for part in ("ratings", "turn_ratings"):
            ratings += ratings_agree(one.get(part, []), two.get(part, []), unordered)
        if Ask.RANKING in assignment.asks and _is_compared(one):
            comparisons += comparisons_agree(_whole(one), _whole(two))
    return Consistency(len(pairs), ratings, comparisons)


def _is_compared(answers: dict[str, Any]) -> bool:
    """Return whether responses were compared. People may leave comparing out."""
    return bool(answers.get("ranking") or answers.get("all_harmful"))


def _whole(answers: dict[str, Any]) -> dict[str, Any]:
    return {"ranking": [], "all_harmful": False} | answers
