"""Why a member has no tasks, so that pages can explain it."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone

from annotations.models import Assignment, Round, Seat
from annotations.models.querysets import SeatQuerySet, in_use
from annotations.queries import assignments, filling, load, offering
from annotations.queries.reserved_pay import held_of, room_for_leases
from annotations.registry import BEING_WRITTEN
from annotations.rules.drawing import MOST_REPLIES
from annotations.rules.states import SeatState
from codesign.compensation.models import PayRate
from codesign.compensation.queries import pay_choices
from codesign.compensation.rules.pay_rates import pay_for
from codesign.jobs.queries import unfinished
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import StudyState


class Nothing(StrEnum):
    """Reasons. The first that applies is shown."""

    PAUSED = "paused"
    CLOSED = "closed"  # the study is closed or not open yet
    UNPAID = "unpaid"  # no pay rate is in force
    CAP = "cap"  # they want to earn no more in this week or year
    BUDGET = "budget"  # the study's budget for pay is used
    FULL = "full"  # their daily limit is reached
    HEAVIEST = "heaviest"  # only texts of the highest intensity wait, and they just read one
    WRITING = "writing"  # responses or tasks are being created
    LATER = "later"  # they put the remaining tasks off until another day
    TOPICS = "topics"  # the remaining tasks have topics that they never want to see
    OTHERS = "others"  # others have the remaining tasks and may return them
    BETWEEN = "between"  # no round is open for this cohort
    DONE = "done"  # they judged or skipped everything
    NONE_YET = "none_yet"


def why_nothing(*, actor: Actor, member: Member) -> Nothing:
    """Return why nothing was leased to a member; at most 20 queries."""
    if member.user_id != actor.user_id or member.cohort_id is None:
        return Nothing.NONE_YET
    if member.study.state != StudyState.OPEN:
        paused = member.study.state == StudyState.PAUSED
        return Nothing.PAUSED if paused else Nothing.CLOSED
    rate = pay_choices.rate_for(member=member, at=timezone.now())
    if rate is None:
        return Nothing.UNPAID
    if spent := no_money(member, rate=rate):
        return spent
    if protected := limited(member):
        return protected
    if _being_written(member):
        return Nothing.WRITING
    if own := _own_choice(member):
        return own
    if _held_by_others(member):
        return Nothing.OTHERS
    if not _open_rounds(member).exists():
        return Nothing.BETWEEN
    did_something = Assignment.objects.filter(member=member).ended().exists()
    return Nothing.DONE if did_something else Nothing.NONE_YET


def limited(member: Member) -> Nothing | None:
    """Return which protection keeps the waiting tasks from a member now, or None."""
    last, now = assignments.latest(member), timezone.now()
    if load.day_of(member, last=last, now=now).is_full:
        return Nothing.FULL
    if load.only_heaviest_wait(member, last=last, now=now):
        return Nothing.HEAVIEST
    return None


def no_money(member: Member, *, rate: PayRate) -> Nothing | None:
    """Return whether the member's own limit or the budget keeps the next text from them.

    It may have more replies than the first two, which `rate` is for. Two queries without either.
    """
    currency, now = rate.currency, timezone.now()
    left = pay_choices.left_of_cap(member=member, currency=currency, now=now, held=held_of)
    if _keeps(left, member, rate):
        return Nothing.CAP
    room = room_for_leases(study_id=member.study_id, currency=currency)
    return Nothing.BUDGET if room and _keeps(room.left, member, rate) else None


def _keeps(left: int | None, member: Member, rate: PayRate) -> bool:
    if left is None or left >= pay_for(amount_minor=rate.amount_minor, replies=MOST_REPLIES):
        return False
    if left < rate.amount_minor:
        return True
    first = assignments.waiting_seats(member).first()
    if first is None:
        return False
    return left < pay_for(amount_minor=rate.amount_minor, replies=first.task.responses.count())


def _open_rounds(member: Member) -> QuerySet[Round]:
    return Round.objects.open().filter(study_id=member.study_id, cohorts__cohort=member.cohort_id)


def _being_written(member: Member) -> bool:
    """Return whether tasks, offers of seats or responses are being created."""
    rounds = _open_rounds(member).values("id")
    jobs = [
        unfinished(kind=kind).filter(subject_id__in=rounds) for kind in (filling.JOB, offering.JOB)
    ]
    return any(unfinished_jobs.exists() for unfinished_jobs in jobs) or any(
        find(member) for _name, find in BEING_WRITTEN
    )


def _own_choice(member: Member) -> Nothing | None:
    """Return which choice of the member keeps the remaining offered tasks from them, or None."""
    offered = Seat.objects.not_had_by(member.id).filter(offered=True, cohort=member.cohort_id)
    allowed = offered.of_kinds_allowed_by(member.id)
    if not allowed.exists() or assignments.waiting_seats(member).exists():
        return None
    return Nothing.LATER if allowed.not_refused_by(member.id).exists() else Nothing.TOPICS


def _held_by_others(member: Member) -> bool:
    """Return whether somebody has a seat that this member could get if it were returned."""
    leased = _could_have(member).filter(
        in_use("task__prompt"),
        cohort=member.cohort_id,
        state=SeatState.LEASED,
        task__round__in=_open_rounds(member),
    )
    return leased.exists()


def _could_have(member: Member) -> SeatQuerySet:
    seats = Seat.objects.not_had_by(member.id).not_refused_by(member.id)
    return seats.not_put_off_by(member.id).of_kinds_allowed_by(member.id)
