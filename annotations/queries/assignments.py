"""Queries for the queue of seats and for a member's assignments."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import get_language

from annotations.models import Assignment, OrderBalance, Response, Seat, SeenInReview
from annotations.models.querysets import SeatQuerySet
from annotations.queries import rubrics
from annotations.queries.shown import ShownAssignment, label_of, shown_prompt, shown_rubric
from annotations.rules import sittings
from annotations.rules.model_markup import readable
from annotations.rules.states import Ask, ItemKind, SkipReason
from codesign.compensation.models import Budget, PayChoice
from codesign.consent import queries as consent
from codesign.shared.actors import Actor
from codesign.shared.compiled_queries import CompiledQuery
from codesign.shared.errors import NoConsent, NotFound
from codesign.studies.models import Member, Study, is_current

AT_MOST = 100
"""Waiting tasks are counted up to this number, because a larger one helps nobody."""


def waiting_seats(member: Member) -> SeatQuerySet:
    """Return the seats that the member may be given now, in queue order."""
    return Seat.objects.waiting_for(member_id=member.id, cohort_id=member.cohort_id)


def coming_seats(member: Member) -> QuerySet[Seat]:
    """Return the seats that the member may be given now or on another day."""
    seats = Seat.objects.not_had_by(member.id).not_refused_by(member.id)
    return seats.of_kinds_allowed_by(member.id).filter(offered=True, cohort=member.cohort_id)


def _first(seats: QuerySet[Seat], *, skip_locked: bool) -> QuerySet[Seat]:
    """Return the first of these seats, with a lock on its task.

    The columns are the seat's id, task and number, and the task's id and round.
    """
    locked = seats.select_for_update(no_key=True, skip_locked=skip_locked, of=("task",))
    columns = locked.select_related("task").only("id", "task", "number", "task__id", "task__round")
    return columns[:1]


@CompiledQuery
def first_free(member_id: uuid.UUID, cohort_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the first waiting seat whose task is not locked; the most frequent query."""
    waiting = Seat.objects.waiting_for(member_id=member_id, cohort_id=cohort_id)
    return _first(waiting, skip_locked=True)


@CompiledQuery
def first_ordinary(member_id: uuid.UUID, cohort_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the same, without seats of evaluation rounds."""
    offered = Seat.objects.offered_to(member_id=member_id, cohort_id=cohort_id)
    return _first(offered.filter(first=False), skip_locked=True)


@CompiledQuery
def first_light_free(member_id: uuid.UUID, cohort_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the same as `first_free`, without prompts of the highest intensity."""
    waiting = Seat.objects.waiting_for(member_id=member_id, cohort_id=cohort_id)
    return _first(waiting.not_heaviest(), skip_locked=True)


@CompiledQuery
def first_light_ordinary(member_id: uuid.UUID, cohort_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the same as `first_ordinary`, without prompts of the highest intensity."""
    offered = Seat.objects.offered_to(member_id=member_id, cohort_id=cohort_id)
    return _first(offered.not_heaviest().filter(first=False), skip_locked=True)


@CompiledQuery
def first_light_waiting(member_id: uuid.UUID, cohort_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the same as `first_waiting`, without prompts of the highest intensity."""
    waiting = Seat.objects.waiting_for(member_id=member_id, cohort_id=cohort_id)
    return _first(waiting.not_heaviest(), skip_locked=False)


@CompiledQuery
def first_of_task(member_id: uuid.UUID, cohort_id: uuid.UUID, task_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the waiting seat of one task, unless the task is locked."""
    waiting = Seat.objects.waiting_for(member_id=member_id, cohort_id=cohort_id)
    return _first(waiting.filter(task=task_id), skip_locked=True)


@CompiledQuery
def first_waiting(member_id: uuid.UUID, cohort_id: uuid.UUID) -> QuerySet[Seat]:
    """Return the first waiting seat; waits if its task is locked."""
    waiting = Seat.objects.waiting_for(member_id=member_id, cohort_id=cohort_id)
    return _first(waiting, skip_locked=False)


def _judging(user_id: uuid.UUID) -> QuerySet[Member]:
    """Return a person's current memberships, locked when read.

    With all that a lease needs to know of the person: the study, both limits, the time zone, how
    they work, whether they judge in other studies, too (`judges_elsewhere`), whether the study has
    a budget (`has_budget`), and whether they chose how to be paid (`has_pay_choice`).
    """
    budgets = Budget.objects.filter(study_id=OuterRef("study_id"))
    others = Member.objects.filter(user=OuterRef("user"), cohort__isnull=False)
    members = (
        Member.objects.current()
        .filter(user_id=user_id)
        .select_related("study__daily_limit", "daily_limit", "adjustments", "user")
        .annotate(
            judges_elsewhere=Exists(others.exclude(id=OuterRef("id"))),
            has_budget=Exists(budgets),
            has_pay_choice=Exists(PayChoice.objects.filter(member=OuterRef("id"))),
        )
    )
    return members.select_for_update(no_key=True, of=("self",))


@CompiledQuery
def member_in(user_id: uuid.UUID, slug: str) -> QuerySet[Member]:
    """Return a person's membership of a study, locked."""
    return _judging(user_id).filter(study__slug=slug)


@CompiledQuery
def member_of(user_id: uuid.UUID, assignment_id: uuid.UUID) -> QuerySet[Member]:
    """Return the membership that an assignment belongs to, locked."""
    return _judging(user_id).filter(assignments=assignment_id)


def leased() -> QuerySet[Assignment]:
    """Return leased assignments with their seats, for services that hold the member's lock."""
    return Assignment.objects.leased().select_related("seat")


@CompiledQuery
def _latest(member_id: uuid.UUID) -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(member_id=member_id).select_related("prompt")
    return mine.order_by("-leased_at")[:1]


def latest(member: Member) -> Assignment | None:
    """Return a member's latest assignment with its prompt. A current lease is always the latest."""
    assignment = _latest.first(member_id=member.id)
    if assignment:
        assignment.member = member
    return assignment


@CompiledQuery
def _elsewhere(user_id: uuid.UUID, member_id: uuid.UUID, since: datetime) -> QuerySet[Assignment]:
    others = Assignment.objects.filter(member__user_id=user_id, leased_at__gte=since)
    others = others.exclude(member_id=member_id).order_by("member_id", "-leased_at")
    return others.distinct("member_id")


def latest_elsewhere(member: Member, *, since: datetime) -> list[Assignment]:
    """Return the person's latest assignment in each other study, of those leased since then.

    No query if the member was read with `judges_elsewhere` and judges in one study alone.
    """
    if not getattr(member, "judges_elsewhere", True):
        return []
    return _elsewhere.all(user_id=member.user_id, member_id=member.id, since=since)


def last_seen_before(covered: Assignment) -> Assignment | None:
    """Return the last assignment before a covered one whose text its member opened."""
    earlier = Assignment.objects.filter(
        member_id=covered.member_id, leased_at__lt=covered.leased_at
    )
    return earlier.opened().order_by("-leased_at").first()


@CompiledQuery
def responses_of(task_id: uuid.UUID) -> QuerySet[Response]:
    """Return the responses of a task (at least one) with the prompt, in one query."""
    return Response.objects.filter(tasks=task_id).select_related("prompt")


@CompiledQuery
def _of_member(assignment_id: uuid.UUID, member_id: uuid.UUID) -> QuerySet[Assignment]:
    return Assignment.objects.filter(id=assignment_id, member_id=member_id)


def locked_own(*, member: Member, assignment_id: uuid.UUID) -> Assignment:
    """Return an assignment of a member. The caller holds the member's lock."""
    (assignment,) = _of_member.all(assignment_id=assignment_id, member_id=member.id)
    assignment.member = member
    return assignment


@CompiledQuery
def leads_of(
    member_id: uuid.UUID, first_source: uuid.UUID, second_source: uuid.UUID
) -> QuerySet[OrderBalance, tuple[int]]:
    """Return how often the first source was left minus right for a member; no row if never."""
    return OrderBalance.objects.filter(
        member_id=member_id, first_source=first_source, second_source=second_source
    ).values_list("lead")


def put_off_before(*, member_id: uuid.UUID, now: datetime) -> list[uuid.UUID]:
    """Return the newest tasks that a member put off and may have again, at most three.

    `queries.special_items` returns training items and hidden checks that were put off.
    """
    mine = Assignment.objects.filter(member_id=member_id, item_kind=ItemKind.ORDINARY)
    put_off = mine.filter(later_until__lte=now).exclude(task_id__in=mine.had().values("task_id"))
    newest = put_off.order_by("-later_until", "-ended_at").values_list("task_id", flat=True)
    return list(dict.fromkeys(newest[:3]))


def said_not_today(*, member: Member, now: datetime) -> bool:
    """Return whether the member already skipped with “not today”, on their own calendar day."""
    today = sittings.start_of_day(now=now, zone=member.user.timezone)
    return Assignment.objects.filter(
        member_id=member.id, skip_reason=SkipReason.NOT_TODAY, ended_at__gte=today
    ).exists()


def saw_in_review(*, member_id: uuid.UUID, prompt_id: uuid.UUID) -> bool:
    """Return whether the member read in review what others wrote about a prompt."""
    return SeenInReview.objects.filter(member_id=member_id, prompt_id=prompt_id).exists()


def overdue(*, now: datetime) -> Iterator[uuid.UUID]:
    """Yield the ids of expired leases, the oldest first."""
    late = Assignment.objects.leased().filter(expires_at__lte=now)
    return iter(list(late.order_by("expires_at").values_list("id", flat=True)))


@CompiledQuery
def _of_user(assignment_id: uuid.UUID, user_id: uuid.UUID) -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(
        is_current("member"), id=assignment_id, member__user_id=user_id
    )
    return mine.select_related("member__study", "prompt")


def own(*, actor: Actor, assignment_id: uuid.UUID) -> Assignment:
    """Return the actor's own assignment, ready to be shown; one query besides consent."""
    if actor.user_id is None:
        raise NotFound
    assignment = _of_user.first(assignment_id=assignment_id, user_id=actor.user_id)
    if assignment is None:
        raise NotFound
    if consent.id_in_force(member_id=assignment.member_id) is None:
        raise NoConsent
    return assignment


def slug_of(*, actor: Actor, assignment_id: uuid.UUID) -> str:
    """Return the slug of the study of one of the actor's assignments."""
    if actor.user_id is None:
        raise NotFound
    mine = Assignment.objects.filter(member__user_id=actor.user_id)
    return mine.values_list("study__slug", flat=True).get(id=assignment_id)


def held(*, actor: Actor, slug: str) -> Assignment | None:
    """Return the actor's current lease in a study, or None."""
    if actor.user_id is None:
        return None
    return (
        Assignment.objects.leased()
        .select_related("member__study", "prompt")
        .filter(
            is_current("member"),
            member__user_id=actor.user_id,
            member__study__slug=slug,
            expires_at__gt=timezone.now(),
        )
        .first()
    )


def shown(*, actor: Actor, assignment: Assignment) -> ShownAssignment:
    """Return the assignment as its member sees it; no query if prompt and responses are loaded."""
    if assignment.member.user_id != actor.user_id:
        raise NotFound
    return shown_to(assignment.member.study, assignment)


def shown_to(study: Study, assignment: Assignment) -> ShownAssignment:
    """Return the assignment as its member sees it, for a reader whom the caller has checked."""
    prompt = assignment.prompt
    responses = assignment.responses
    words = rubrics.rubric_in(assignment.rubric_id, get_language() or study.language)
    return {
        "id": str(assignment.id),
        "study": study.slug,
        "state": assignment.state,
        "expires_at": assignment.expires_at.isoformat(),
        "prompt": shown_prompt(prompt),
        "responses": [
            {"id": str(id), "label": label_of(place), "text": readable(responses[id].text).text}
            for place, id in enumerate(assignment.order_shown)
        ],
        "rubric": shown_rubric(words),
        "turns": list(words.turns_of(prompt.messages)) if Ask.RATING in assignment.asks else [],
        "asks": list(assignment.asks),
        "pay": {"amount_minor": assignment.amount_minor, "currency": assignment.currency},
        "covered": bool(assignment.covered),
        "training": assignment.item_kind == ItemKind.TRAINING,
        "draft": assignment.draft,
    }


def how_many_wait(member: Member) -> int:
    """Return the number of tasks that wait for a member, up to `AT_MOST`."""
    return waiting_seats(member)[:AT_MOST].count()
