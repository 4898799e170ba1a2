"""The page with the jobs of a study."""

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
    """List the jobs that the reader's roles may see, newest first."""
    study_id = request.member.study_id
    kinds = [
        name
        for name, kind in KINDS
        if kind.permission and request.member.has_role(*kind.permission.roles)
    ]
    jobs = queries.history(study_id=study_id, kinds=kinds)
    shown = page_of(jobs, by=["-created_at", "-id"], asked=request.GET, size=JOBS_A_PAGE)
    requesters = {job.requested_by_id for job in shown if job.requested_by_id}
    names = studies.names_of_actors(study_id=study_id, user_ids=requesters)
    rows = [_row(job, slug, names.get(job.requested_by_id)) for job in shown]
    return render(request, "desk/jobs.html", {"page": shown, "rows": rows})


def _row(job: Job, slug: str, who: str | None) -> dict[str, Any]:
    """Return a row of the table. `seconds` is the duration."""
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
