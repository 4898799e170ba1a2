"""Why a member has no tasks, so that pages can explain it."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone

from annotations.models import Assignment, Round, Seat
from annotations.models.querysets import in_use
from annotations.queries import filling, offering
from annotations.registry import BEING_WRITTEN
from annotations.rules.states import SeatState
from codesign.compensation import queries as compensation
from codesign.consent import queries as consent
from codesign.consent.rules import Purpose
from codesign.jobs.queries import unfinished
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import StudyState


class Nothing(StrEnum):
    """Reasons. The first that applies is shown."""

    PAUSED = "paused"
    CLOSED = "closed"  # the study is closed or not open yet
    UNPAID = "unpaid"  # no pay rate is in force
    WRITING = "writing"  # responses or tasks are being created
    OTHERS = "others"  # others have the remaining tasks and may return them
    BETWEEN = "between"  # no round is open for this cohort
    DONE = "done"  # they judged or skipped everything
    NONE_YET = "none_yet"


def why_nothing(*, actor: Actor, member: Member) -> Nothing:
    """Return why nothing was leased to a member; at most eight queries."""
    if member.user_id != actor.user_id or member.cohort_id is None:
        return Nothing.NONE_YET
    if member.study.state == StudyState.PAUSED:
        return Nothing.PAUSED
    if member.study.state != StudyState.OPEN:
        return Nothing.CLOSED
    if compensation.rate_in_force(cohort_id=member.cohort_id, at=timezone.now()) is None:
        return Nothing.UNPAID
    if _being_written(member):
        return Nothing.WRITING
    if _held_by_others(member):
        return Nothing.OTHERS
    if not _open_rounds(member).exists():
        return Nothing.BETWEEN
    did_something = Assignment.objects.filter(member=member).ended().exists()
    return Nothing.DONE if did_something else Nothing.NONE_YET


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


def _held_by_others(member: Member) -> bool:
    """Return whether somebody has a seat that this member could get if it were returned."""
    tests = consent.signed_for(member_id=member.id, purpose=Purpose.EVALUATION).exists()
    leased = Seat.objects.not_had_by(member.id).filter(
        in_use("task__prompt"),
        cohort=member.cohort_id,
        state=SeatState.LEASED,
        task__round__in=_open_rounds(member),
    )
    return (leased if tests else leased.filter(first=False)).exists()
