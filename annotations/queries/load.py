"""The load of a person's day, carried from lease to lease, so that no lease adds it up again.

It counts in all studies of the person. No study reveals what a person did in another one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotations.models import Assignment, OwnLimit, ReviewDecision, StudyLimit
from annotations.models.querysets import ENDED, PAID, PAY_HELD
from annotations.queries import assignments as queries
from annotations.queries.sittings import Sitting
from annotations.rules import load, sittings
from annotations.rules.states import AssignmentState
from annotations.rules.topics import HEAVIEST
from codesign.shared.actors import Actor
from codesign.studies.models import Member

A_DAY = timedelta(days=1)
"""A lease that began earlier does not end within a sitting of now."""
READ = (AssignmentState.SUBMITTED, AssignmentState.SKIPPED)


def was_read(assignment: Assignment) -> bool:
    """Return whether a person has read a text and it has ended, so that it counts as load.

    A text that stayed covered does not count, nor do those that a program judged. A text that was
    stopped counts once it is judged, skipped or put off.
    """
    if assignment.stayed_covered or assignment.example:
        return False
    return assignment.state in READ or assignment.later_until is not None


def load_of(assignment: Assignment) -> int:
    """Return the load that an assignment adds to its day, in seconds; 0 if it was not read."""
    if assignment.intensity is None or not was_read(assignment):
        return 0
    return load.load_of(
        promised_seconds=assignment.promised_seconds or 0, intensity=assignment.intensity
    )


def day_of(member: Member, *, last: Assignment | None, now: datetime) -> load.Day:
    """Return the load of the member's day. `last` is their last assignment; at most three queries.

    No query if the member was read with both limits and the account, and judges in one study.
    """
    today = sittings.start_of_day(now=now, zone=member.user.timezone)
    others = queries.latest_elsewhere(member, since=today)
    elsewhere = sum(_so_far(one) for one in others)
    if last is None or last.leased_at < today:
        return load.Day(load=0, limit=limit_of(member), is_new=True, elsewhere=elsewhere)
    return load.Day(load=_so_far(last), limit=limit_of(member), is_new=False, elsewhere=elsewhere)


def _so_far(last: Assignment) -> int:
    return (last.load_before or 0) + load_of(last)


def limit_of(member: Member) -> int:
    """Return the member's daily limit in seconds."""
    own = getattr(member, "daily_limit", None)
    of_study = getattr(member.study, "daily_limit", None)
    return load.limit_seconds(
        study_minutes=of_study.minutes if of_study else None,
        own_minutes=own.minutes if own else None,
    )


def own_minutes(member: Member) -> int | None:
    """Return the limit that the member has set, in minutes."""
    return OwnLimit.objects.filter(member=member).values_list("minutes", flat=True).first()


def study_minutes(member: Member) -> int:
    """Return the limit of the member's study in minutes."""
    limits = StudyLimit.objects.filter(study_id=member.study_id)
    return limits.values_list("minutes", flat=True).first() or load.STUDY_MINUTES


def is_after_heaviest(member: Member, last: Assignment | None, *, now: datetime) -> bool:
    """Return whether the last text that was seen was of the highest intensity (standards 4.4).

    After a pause, the next text is not “in a row”. `last` is the member's last assignment; the
    person may have seen another text since, in another study. No query, unless they judge in
    several, or a text stayed covered.
    """
    others = queries.latest_elsewhere(member, since=now - A_DAY)
    seen = [_seen(one) for one in (last, *others) if one]
    newest = max((one for one in seen if one), key=_when, default=None)
    return newest is not None and was_heaviest(newest, now=now)


def _seen(last: Assignment) -> Assignment | None:
    return queries.last_seen_before(last) if last.stayed_covered else last


def _when(assignment: Assignment) -> datetime:
    """Return when a text was last seen; one that is open in another study since its lease."""
    return assignment.ended_at or assignment.leased_at


def was_heaviest(last: Assignment, *, now: datetime) -> bool:
    """Return whether this text was seen just now and is of the highest intensity."""
    if last.intensity != HEAVIEST or last.stayed_covered or last.example:
        return False
    return sittings.same_sitting(ended_at=_when(last), now=now)


def only_heaviest_wait(member: Member, *, last: Assignment | None, now: datetime) -> bool:
    """Return whether nothing is given now because all that waits is of the highest intensity."""
    if not is_after_heaviest(member, last, now=now):
        return False
    waiting = queries.waiting_seats(member)
    return waiting.exists() and not waiting.not_heaviest().exists()


def today(*, actor: Actor, member: Member) -> Sitting:
    """Return the work and pay of the actor's day."""
    if member.user_id != actor.user_id:
        return Sitting(0, 0, "")
    began = sittings.start_of_day(now=timezone.now(), zone=member.user.timezone)
    mine = Assignment.objects.by_people().filter(member=member, leased_at__gte=began)
    sums = mine.values_list("currency").annotate(
        done=Count("id", filter=ENDED),
        earned=Sum("amount_minor", filter=PAID, default=0),
        checked=Sum("amount_minor", filter=PAY_HELD, default=0),
    )
    row = sums.order_by("-done").first()
    return Sitting(row[1], row[2], row[0], row[3]) if row else Sitting(0, 0, "")


def rest_is_due_in_review(reviewer: Member) -> bool:
    """Return whether a break is offered to a reviewer after their newest decision; one query."""
    recent = ReviewDecision.objects.filter(
        reviewer=reviewer, created_at__gte=timezone.now() - load.REVIEWED_WITHIN
    )
    of_text = Coalesce("rewrite__response__prompt__intensity", "flag__response__prompt__intensity")
    newest_first = recent.order_by("-created_at", "-id").values_list(of_text, flat=True)
    return load.rest_is_due_in_review(list(newest_first))
