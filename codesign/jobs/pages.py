"""The part of a page that shows the progress of a job (`components/job_progress.html`)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from codesign.jobs.models import Job
from codesign.jobs.queries import Progress, progress_of
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import STATE_WORDS, UNFINISHED, JobState


@dataclass(frozen=True)
class ProgressCard:
    """What `components/job_progress.html` shows.

    `total` is 0 while unknown. `rate` is in units per second (`rate_unit` if it differs), `left`
    in seconds; neither is shown when all is done. `poll_url` returns `progress_part` and is empty
    after the job has ended. `cancel_url` is empty for people who may not cancel.
    """

    title: str
    unit: str
    state: str
    done: int
    total: int
    rate: float | None = None
    rate_unit: str = ""
    left: float | None = None
    problem: str = ""
    poll_url: str = ""
    cancel_url: str = ""


def state_in_words(progress: Progress, *, running: str = "") -> str:
    """Return the state of a job in words; `running` replaces the word “running”."""
    if progress.cancelling:
        return _("being cancelled")
    if running and progress.state == JobState.RUNNING:
        return running
    return str(STATE_WORDS[progress.state])


def card_of(
    job: Job, *, title: str, running: str, poll_url: str, cancel_url: str = ""
) -> ProgressCard:
    """Return the card of a job; `running` replaces the word “running”."""
    progress = progress_of(job)
    unfinished = job.state in UNFINISHED
    return ProgressCard(
        title=title,
        unit=str(KINDS.get(job.kind).unit),
        state=state_in_words(progress, running=running),
        done=progress.done,
        total=progress.total,
        rate=progress.rate,
        left=progress.seconds_left,
        problem="" if unfinished else progress.reason,
        poll_url=poll_url if unfinished else "",
        cancel_url=cancel_url if unfinished and not progress.cancelling else "",
    )


def progress_part(
    request: HttpRequest,
    card: ProgressCard | None,
    *,
    template: str = "components/job_progress.html",
    **context: object,
) -> HttpResponse:
    """Return the progress part for a page that polls, or reload the page if the job has ended.

    A `template` with more parts of the page includes `components/job_progress.html`.
    """
    if card and card.poll_url:
        return render(request, template, {**context, "job": card})
    return HttpResponse(headers={"HX-Refresh": "true"})
