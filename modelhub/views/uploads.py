"""Bringing prompts in from a file: choose it, look at what is in it, say yes."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.queries.progress import cost_of_a_prompt
from codesign.jobs.pages import ProgressCard, progress_part
from codesign.shared.errors import Invalid, TooLarge
from codesign.shared.money import format_money
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.uploads import COLUMNS, LINE, TABLE, UploadForm
from modelhub.models import Upload
from modelhub.permissions import UPLOAD
from modelhub.queries import uploads as queries
from modelhub.queries.generation import open_judging_round
from modelhub.rules.states import UPLOAD_STATES, UploadState
from modelhub.rules.words import upload_state
from modelhub.services import uploads

SHOWN = 20


@page(UPLOAD, files=True)
@never_cache
@require_http_methods(["GET", "POST"])
def bring(request: StudyRequest, slug: str) -> HttpResponse:
    """Choose a file; the imports so far stand below."""
    form, status = UploadForm(), 200
    if request.method == "POST":
        form, status = UploadForm(request.POST, request.FILES), 400
    if form.is_valid():
        try:
            upload = uploads.receive(
                actor=request.actor, study=request.member.study, file=form.cleaned_data["file"]
            )
        except (Invalid, TooLarge) as refusal:
            form.add_error("file", refusal.title)
            status = refusal.status
        else:
            return redirect("modelhub:upload", slug=slug, upload_id=upload.id)
    so_far = queries.uploads_of(study_id=request.member.study_id)[:SHOWN]
    seen = {
        "form": form,
        "rows": [{"upload": one, "state": upload_state(one.state)} for one in so_far],
        "columns": COLUMNS,
        "table": TABLE,
        "line": LINE,
    }
    return render(request, "modelhub/uploads.html", seen, status=status)


@page(UPLOAD)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """How far it is, what is in it, what came of it."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    return render(request, "modelhub/upload.html", _seen(request, upload))


@page(UPLOAD)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """How far it is; loads the page anew once there is something to read."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    return progress_part(request, _seen(request, upload)["job"])


@page(UPLOAD)
@require_POST
def confirm(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Say yes: import all, or all that is fine."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    skip_bad = request.POST.get("skip_bad") == "yes"
    uploads.confirm(actor=request.actor, upload=upload, skip_bad=skip_bad)
    return redirect("modelhub:upload", slug=slug, upload_id=upload_id)


@page(UPLOAD)
@require_POST
def cancel(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Leave it."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    uploads.cancel(actor=request.actor, upload=upload)
    messages.success(request, _("The import is cancelled. Nothing of the file comes in."))
    return redirect("modelhub:upload", slug=slug, upload_id=upload_id)


def _seen(request: StudyRequest, upload: Upload) -> dict[str, Any]:
    keys = {"slug": request.member.study.slug, "upload_id": upload.id}
    goes_on = upload.state in queries.UNDER_WAY
    progress = queries.how_far(upload=upload)
    may_cancel = UPLOAD_STATES.allows(upload.state, UploadState.CANCELLED)
    may_cancel &= not progress.cancelling
    state = upload_state(upload.state, all_read=progress.share == 1)
    job = ProgressCard(
        title=_("How far it is"),
        done=progress.done,
        total=progress.total,
        unit=_("rows"),
        state=_("being cancelled") if progress.cancelling else state,
        rate=progress.rate,
        rate_unit=_("rows"),
        left=progress.seconds_left,
        problem=upload.error or progress.reason,
        poll_url=reverse("modelhub:upload-progress", kwargs=keys) if goes_on else "",
        cancel_url=reverse("modelhub:upload-cancel", kwargs=keys) if may_cancel else "",
    )
    checked = upload.state == UploadState.CHECKED
    asks: dict[str, Any] = {}
    if checked and (round := open_judging_round(study_id=upload.study_id)):
        judgements, pay = cost_of_a_prompt(round=round)
        amounts = " + ".join(format_money(minor, currency) for currency, minor in pay.items())
        asks = {"round": round, "judgements": judgements, "pay": amounts}
    fine = upload.found.get("prompts", 0) + upload.found.get("responses", 0)
    return asks | {
        "upload": upload,
        "job": job,
        "checked": checked,
        "done": upload.state == UploadState.DONE,
        "may_import": checked and bool(fine),
        "more_tied": upload.found.get("tied_rows", 0) - len(upload.found.get("tied", [])),
        "more_problems": upload.found.get("skipped", 0) - len(upload.problems),
    }
