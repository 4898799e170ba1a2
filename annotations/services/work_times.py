"""Compares the time that judging took with the promised time, and makes up for the difference."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from annotations.queries.work_times import pieces_of
from codesign.compensation.models import TimeCheck
from codesign.compensation.queries.time_checks import checked_since, last_check
from codesign.compensation.rules.time_checks import FEWEST_PIECES, median_permille
from codesign.compensation.services import time_checks
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.studies.models import Cohort, Member

SETTLED_AFTER = timedelta(hours=1)
"""A credit that was posted longer ago than this has been committed, so no period misses it."""
A_DAY = timedelta(days=1)


def check_all() -> int:
    """Check every cohort with new work, at most once a day, each in its own transaction.

    Returns how many were checked.
    """
    until = timezone.now() - SETTLED_AFTER
    cohorts = Cohort.objects.exclude(id__in=checked_since(until - A_DAY))
    return sum(check(cohort=cohort, until=until) is not None for cohort in cohorts)


@transaction.atomic
def check(*, cohort: Cohort, until: datetime) -> TimeCheck | None:
    """Check the judgements that were credited since the last check; None if there are too few.

    The median is that of the cohort, so that one person's pauses change nobody's pay. Each person's
    pay of the period is raised by the share by which the median exceeds the promised time.
    """
    lock_until_commit(Lock.TIME_CHECK, cohort.id)
    last = last_check(cohort_id=cohort.id)
    began = last.ended if last else None
    if began and began >= until:
        return None
    pieces = list(
        pieces_of(study_id=cohort.study_id, cohort_id=cohort.id, after=began, until=until)
    )
    if len(pieces) < FEWEST_PIECES:
        return None
    earned: Counter[tuple[uuid.UUID, str]] = Counter()
    for piece in pieces:
        earned[piece.member_id, piece.currency] += piece.amount_minor
    members = Member.objects.select_related("study").in_bulk({member_id for member_id, _ in earned})
    return time_checks.record(
        cohort=cohort,
        began=began,
        ended=until,
        pieces=len(pieces),
        permille=median_permille([(one.active_ms, one.promised_seconds) for one in pieces]),
        earned={
            (members[member_id], currency): minor for (member_id, currency), minor in earned.items()
        },
    )
