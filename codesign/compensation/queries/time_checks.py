"""The checks of the time that work took."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from codesign.compensation.models import TimeCheck


def latest_checks(*, study_id: uuid.UUID) -> dict[uuid.UUID, TimeCheck]:
    """Return cohort id → its latest check, for every cohort that has one. One query."""
    newest = TimeCheck.objects.filter(study_id=study_id).order_by("cohort_id", "-ended")
    return {check.cohort_id: check for check in newest.distinct("cohort_id")}


def last_check(*, cohort_id: uuid.UUID) -> TimeCheck | None:
    """Return the latest check of a cohort, for the service that makes the next one."""
    return TimeCheck.objects.filter(cohort_id=cohort_id).order_by("-ended").first()


def percent_longer(
    *, study_id: uuid.UUID, check_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """Return check id → by how many percent the work took longer than promised. One query."""
    checks = TimeCheck.objects.filter(study_id=study_id, id__in=check_ids)
    return {check.id: check.percent - 100 for check in checks}


def checked_since(when: datetime) -> QuerySet[TimeCheck, uuid.UUID]:
    """Return the ids of the cohorts whose latest period ended after that time, for the timer."""
    return TimeCheck.objects.filter(ended__gt=when).values_list("cohort_id", flat=True)
