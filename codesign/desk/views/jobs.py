"""The page with the jobs of a study, and its buttons to cancel and resume them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from codesign.desk.permissions import SEE_JOBS
from codesign.desk.services import jobs
from codesign.jobs import queries
from codesign.jobs.models import Job
from codesign.jobs.pages import state_in_words
from codesign.jobs.registry import KINDS, Change
from codesign.jobs.rules import RESUMABLE, UNFINISHED, JobState
from codesign.shared.errors import Conflict
from codesign.shared.keyset import page_of
from codesign.studies import queries as studies
from codesign.studies.models import Member
from codesign.studies.permissions import StudyRequest, page

JOBS_A_PAGE = 50


@page(SEE_JOBS)
@never_cache
@require_safe
def history(request: StudyRequest, slug: str) -> HttpResponse:
    """List the jobs that the reader's roles may see, newest first."""
    study_id = request.member.study_id
    kinds = queries.kinds_for(request.member.roles)
    visible_jobs = queries.history(study_id=study_id, kinds=kinds)
    shown = page_of(visible_jobs, by=["-created_at", "-id"], asked=request.GET, size=JOBS_A_PAGE)
    requesters = {job.requested_by_id for job in shown if job.requested_by_id}
    names = studies.names_of_actors(study_id=study_id, user_ids=requesters)
    rows = [_row(job, request.member, names.get(job.requested_by_id)) for job in shown]
    any_buttons = any(row["cancel"] or row["resume"] for row in rows)
    context = {"page": shown, "rows": rows, "any_buttons": any_buttons}
    return render(request, "desk/jobs.html", context)


@page(SEE_JOBS)
@require_POST
def cancel(request: StudyRequest, slug: str, job_id: uuid.UUID) -> HttpResponse:
    """Cancel a job, if the service of its kind allows it."""
    return _change(request, job_id, jobs.cancel, _cancelled)


@page(SEE_JOBS)
@require_POST
def resume(request: StudyRequest, slug: str, job_id: uuid.UUID) -> HttpResponse:
    """Resume a failed or cancelled job, if the service of its kind allows it."""
    return _change(request, job_id, jobs.resume, lambda _job: _("%(what)s: resumed."))


def _cancelled(job: Job) -> str:
    if job.state == JobState.CANCELLED:
        return _("%(what)s: cancelled.")
    return _("%(what)s: being cancelled, within seconds.")


def _change(
    request: StudyRequest,
    job_id: uuid.UUID,
    service: Callable[..., Job],
    sentence: Callable[[Job], str],
) -> HttpResponse:
    """Cancel or resume a job, say how that went, and return to the page with the button."""
    try:
        job = service(actor=request.actor, study=request.member.study, job_id=job_id)
    except Conflict as conflict:
        messages.warning(request, conflict.title)
    else:
        messages.success(request, sentence(job) % {"what": _name(job)})
    address = reverse("desk:jobs", args=[request.member.study.slug])
    query = request.GET.urlencode()
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _name(job: Job) -> str:
    return f"{capfirst(str(KINDS.get(job.kind).words))} {job.label}".strip()


def _row(job: Job, member: Member, who: str | None) -> dict[str, Any]:
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
        "href": reverse(kind.page, args=[member.study.slug, job.subject_id]) if kind.page else "",
        "cancel": job.state in UNFINISHED and not progress.cancelling and _may(member, kind.cancel),
        "resume": job.state in RESUMABLE
        and not job.replaced  # type: ignore[attr-defined]
        and _may(member, kind.resume),
    }


def _may(member: Member, change: Change | None) -> bool:
    return change is not None and member.has_role(*change.permission.roles)
