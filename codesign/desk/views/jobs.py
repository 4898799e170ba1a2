"""The history of a study's long work."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.desk.permissions import SEE_JOBS
from codesign.jobs import queries
from codesign.jobs.models import Job
from codesign.jobs.pages import state_in_words
from codesign.jobs.registry import KINDS
from codesign.shared.keyset import page_of
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page

JOBS_A_PAGE = 50


@page(SEE_JOBS)
@never_cache
@require_safe
def history(request: StudyRequest, slug: str) -> HttpResponse:
    """Every job of the study that the reader's roles may see, newest first."""
    study_id = request.member.study_id
    seen = [
        name
        for name, kind in KINDS
        if kind.permission and request.member.has_role(*kind.permission.roles)
    ]
    jobs = queries.history(study_id=study_id, kinds=seen)
    found = page_of(jobs, by=["-created_at", "-id"], asked=request.GET, size=JOBS_A_PAGE)
    asked_by = {job.requested_by_id for job in found if job.requested_by_id}
    names = studies.names_of_actors(study_id=study_id, user_ids=asked_by)
    rows = [_row(job, slug, names.get(job.requested_by_id)) for job in found]
    return render(request, "desk/jobs.html", {"page": found, "rows": rows})


def _row(job: Job, slug: str, who: str | None) -> dict[str, Any]:
    """One job as the table shows it; its duration in seconds."""
    kind, progress = KINDS.get(job.kind), queries.progress_of(job)
    began, ended = progress.started_at, progress.ended_at or timezone.now()
    return {
        "job": job,
        "kind": kind.words,
        "unit": kind.unit,
        "who": who,
        "state": state_in_words(progress),
        "progress": progress,
        "seconds": (ended - began).total_seconds() if began else None,
        "href": reverse(kind.page, args=[slug, job.subject_id]) if kind.page else "",
    }
