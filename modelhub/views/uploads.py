"""Pages to import prompts from a file: upload it, read the check, confirm the import."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.permissions import WITHDRAW_TEXTS
from annotations.queries.progress import cost_of_a_prompt
from codesign.jobs.pages import ProgressCard, progress_part
from codesign.shared.errors import Invalid, TooLarge
from codesign.shared.money import format_money
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.import_options import ImportOptionsForm
from modelhub.forms.uploads import COLUMNS, LINE, TABLE, SourceForm, UploadForm
from modelhub.models import Upload
from modelhub.permissions import UPLOAD
from modelhub.queries import uploads as queries
from modelhub.queries import waiting_prompts as waiting_queries
from modelhub.queries.generation import open_judging_round
from modelhub.rules import import_words
from modelhub.rules.shapes import SHAPES
from modelhub.rules.shapes.own import OWN
from modelhub.rules.states import UPLOAD_STATES, UploadState
from modelhub.rules.words import upload_state
from modelhub.services import uploads

SHOWN = 20


@page(UPLOAD, files=True)
@never_cache
@require_http_methods(["GET", "POST"])
def upload_file(request: StudyRequest, slug: str) -> HttpResponse:
    """Show and handle the upload form, with the newest imports."""
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
    newest = queries.uploads_of(study_id=request.member.study_id)[:SHOWN]
    since = waiting_queries.waiting_since(study_id=request.member.study_id)
    context = {
        "form": form,
        "rows": [{"upload": upload, "state": _listed_state(upload, since)} for upload in newest],
        "formats": [shape.name for shape in SHAPES.values() if shape is not OWN],
        "columns": COLUMNS,
        "table": TABLE,
        "line": LINE,
    }
    return render(request, "modelhub/uploads.html", context, status=status)


def _listed_state(upload: Upload, waiting_since: datetime | None) -> str:
    """Return the state of an import in words, and what it waits for.

    A coordinator adds all prompts that wait at that time. So prompts of an import still wait if it
    ended after the import of the prompt that has waited longest.
    """
    found = upload.found
    if upload.state == UploadState.CHECKED and not _new_rows(found):
        return _("cannot be imported")
    waits, ended = found.get("wait_for_go", 0), upload.ended_at
    if waits and ended and waiting_since and ended >= waiting_since:
        sentence = ngettext("%(n)s waits for a coordinator", "%(n)s wait for a coordinator", waits)
        return sentence % {"n": f"{waits:,}"}
    return upload_state(upload.state)


def _new_rows(found: Mapping[str, Any]) -> int:
    return int(found.get("prompts", 0) + found.get("responses", 0))


@page(UPLOAD)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Show the progress of an import, the check of its file, and its result."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    return render(request, "modelhub/upload.html", _context(request, upload))


@page(UPLOAD)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Return the progress part of an import's page, or reload the page when its job has ended."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    return progress_part(request, _context(request, upload)["job"])


@page(UPLOAD)
@require_POST
def confirm(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Confirm an import of all rows, or of all valid rows."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    skip_bad = request.POST.get("skip_bad") == "yes"
    form = SourceForm(request.POST)
    if not form.is_valid():
        context = _context(request, upload) | {"source_form": form}
        return render(request, "modelhub/upload.html", context, status=400)
    uploads.confirm(
        actor=request.actor,
        upload=upload,
        skip_bad=skip_bad,
        source=form.cleaned_data["source"],
    )
    return redirect("modelhub:upload", slug=slug, upload_id=upload_id)


@page(UPLOAD)
@require_POST
def remap(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Check the file again, with other columns or choices."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    form = ImportOptionsForm(upload, request.POST)
    if not form.is_valid():
        context = _context(request, upload) | {"form": form}
        return render(request, "modelhub/upload.html", context, status=400)
    uploads.remap(actor=request.actor, upload=upload, options=form.options())
    return redirect("modelhub:upload", slug=slug, upload_id=upload_id)


@page(UPLOAD)
@require_POST
def cancel(request: StudyRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Cancel an import."""
    upload = queries.upload_in(study_id=request.member.study_id, upload_id=upload_id)
    uploads.cancel(actor=request.actor, upload=upload)
    messages.success(request, _("The import is cancelled. Nothing was imported."))
    return redirect("modelhub:upload", slug=slug, upload_id=upload_id)


def _context(request: StudyRequest, upload: Upload) -> dict[str, Any]:
    keys = {"slug": request.member.study.slug, "upload_id": upload.id}
    unfinished = upload.state in queries.UNDER_WAY
    progress = queries.how_far(upload=upload)
    may_cancel = UPLOAD_STATES.allows(upload.state, UploadState.CANCELLED)
    may_cancel &= not progress.cancelling
    state = upload_state(upload.state, all_read=progress.share == 1)
    job = ProgressCard(
        title=_("Progress"),
        done=progress.done,
        total=progress.total,
        unit=_("rows"),
        state=_("being cancelled") if progress.cancelling else state,
        rate=progress.rate,
        rate_unit=_("rows"),
        left=progress.seconds_left,
        problem=upload.error or progress.reason,
        poll_url=reverse("modelhub:upload-progress", kwargs=keys) if unfinished else "",
        cancel_url=reverse("modelhub:upload-cancel", kwargs=keys) if may_cancel else "",
    )
    checked = upload.state == UploadState.CHECKED
    return _judging_context(request, upload) | {
        "upload": upload,
        "job": job,
        "checked": checked,
        "done": upload.state == UploadState.DONE,
        "may_import": checked and bool(_new_rows(upload.found)),
        "form": ImportOptionsForm(upload) if checked and upload.columns else None,
        "source_form": _source_form(upload),
        "recognised": import_words.recognised(upload.found),
        "mapped": import_words.mapped(upload.found.get("mapping") or {}),
        "noticed": import_words.noticed(upload.found),
        "beside": import_words.others(upload.found.get("counts") or {}),
        "sees_prompts": bool(set(request.member.roles) & WITHDRAW_TEXTS.roles),
        "more_tied": upload.found.get("tied_rows", 0) - len(upload.found.get("tied", [])),
        "more_problems": upload.found.get("skipped", 0) - len(upload.problems),
    }


def _source_form(upload: Upload) -> SourceForm | None:
    """Return the form for the source, if the file has ranks, scores or spans."""
    counts = upload.found.get("counts") or {}
    if not any(counts.get(kind) for kind in import_words.MADE_ELSEWHERE):
        return None
    return SourceForm(initial={"source": import_words.source_of(upload.found)})


def _judging_context(request: StudyRequest, upload: Upload) -> dict[str, Any]:
    """Return what judging the new prompts costs, if a round is open that takes some of them."""
    if upload.state != UploadState.CHECKED or not upload.found.get("ready"):
        return {}
    round = open_judging_round(study_id=upload.study_id)
    if round is None:
        return {}
    judgements, pay = cost_of_a_prompt(round=round)
    amounts = " + ".join(format_money(minor, currency) for currency, minor in pay.items())
    decides = uploads.decides(actor=request.actor, upload=upload)
    return {"round": round, "judgements": judgements, "pay": amounts, "decides": decides}
