"""Imports of uploaded files: stored, checked, shown, and imported after a person confirms.

Files from the API skip the check and count as confirmed (see `api_imports`). Check and import are
separate jobs. An import is one transaction, so it is rolled back if its worker dies.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.rules.prompts import RowProblem
from annotations.services.intake import RowsRefused
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.models import Job
from codesign.jobs.registry import Change, Failed, Kind, Retry, register
from codesign.jobs.rules import UNFINISHED, JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, try_lock_until_commit
from codesign.shared.errors import Conflict, Invalid, TooLarge
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Upload
from modelhub.permissions import IMPORT, UPLOAD
from modelhub.queries import uploads as queries
from modelhub.queries.uploads import path_of
from modelhub.rules.import_choices import NO_OPTIONS, Options, options_from
from modelhub.rules.imports import MOST_BYTES, SUFFIXES, ImportRow
from modelhub.rules.mapping import listed
from modelhub.rules.prepare import readable
from modelhub.rules.states import UPLOAD_STATES, UploadState
from modelhub.services import imports, waiting_prompts
from modelhub.services.file_rows import NoPrompts, Reading
from modelhub.services.import_options import reading_for, remember
from modelhub.services.imports import ImportReport
from modelhub.services.upload_files import store

RECEIVED = action("modelhub.upload_received", gettext_lazy("uploaded a file of prompts"))
MOVED = action("modelhub.upload_moved", gettext_lazy("changed the state of an import"))
MOST_PROBLEMS = 200
ABOUT = ("shape", "made", "counts", "chosen", "mapping")
"""What is kept of the file's format, see `row_reading.About`."""
MOST_NOTES = 50
MOST_TIED = 50
"""Rows whose split groups are shown."""
UNCONFIRMED = gettext_lazy(
    "The file was deleted because nobody confirmed the import within a week. Please upload it "
    "again."
)
AGAIN_SECONDS = 5
GONE = gettext_lazy(
    "The file is no longer on the server, so nothing was imported. Please upload it again."
)


@transaction.atomic
def receive(*, actor: Actor, study: Study, file: UploadedFile[bytes]) -> Upload:
    """Store a file and queue its check. Nothing is imported before `confirm`."""
    require(actor, UPLOAD, study)
    name = Path(file.name or "").name
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        _refuse(
            _("%(name)s has an unknown format. Please use %(known)s.")
            % {"name": name, "known": ", ".join(SUFFIXES)}
        )
    if not file.size:
        _refuse(
            _("%(name)s is empty. Please choose a file with a row for each prompt.")
            % {"name": name}
        )
    if (file.size or 0) > MOST_BYTES:
        raise TooLarge(
            _("%(name)s has more than %(most)s bytes. Please split the file.")
            % {"name": name, "most": f"{MOST_BYTES:,}"}
        )
    upload = Upload.objects.create(
        study=study, requested_by_id=actor.user_id, name=name[:120], suffix=suffix
    )
    store(chunks=file.chunks(), path=path_of(upload=upload))
    received(actor=actor, upload=upload)
    return upload


def received(*, actor: Actor, upload: Upload, here: bool = False) -> Job:
    """Record a new import in the audit trail and queue its job (`here`: see `queueing.start`)."""
    audit.record(
        actor=actor,
        action=RECEIVED,
        study_id=upload.study_id,
        about=("upload", upload.id, upload.name),
        data={"bytes": path_of(upload=upload).stat().st_size},
    )
    return _start_job(actor, upload, here=here)


def _start_job(actor: Actor, upload: Upload, *, here: bool = False) -> Job:
    return queueing.start(
        actor=actor,
        kind=KIND.name,
        subject_id=upload.id,
        study_id=upload.study_id,
        label=upload.name,
        total=upload.total,
        here=here,
    )


def _refuse(sentence: str) -> None:
    raise Invalid(sentence, {"file": [sentence]})


@transaction.atomic
def confirm(*, actor: Actor, upload: Upload, skip_bad: bool = False, source: str = "") -> Upload:
    """Queue the import of a checked file, with `skip_bad` of its valid rows (see `Options`)."""
    require(actor, UPLOAD, upload.study)
    upload = _locked(upload.id)
    if upload.found.get("skipped") and not skip_bad and upload.state == UploadState.CHECKED:
        raise Conflict(
            _("Some rows are invalid. Fix the file and upload it again, or import the other rows.")
        )
    options = replace(options_from(upload.options) or NO_OPTIONS, source=source)
    _move(actor, upload, UploadState.CONFIRMED, skip_bad=skip_bad, options=options.plain())
    _start_job(actor, upload)
    return upload


@transaction.atomic
def remap(*, actor: Actor, upload: Upload, options: Options) -> Upload:
    """Check a file again, with another mapping of its columns or other choices.

    The actor is then responsible for what is read. If they may not decide what people are paid to
    read, the import becomes theirs, so that its prompts wait.
    """
    require(actor, UPLOAD, upload.study)
    upload = _locked(upload.id)
    if unknown := sorted({*options.columns.values()} - {"", *upload.columns}):
        raise Invalid(
            _("There is no column called %(name)s. The columns are: %(columns)s.")
            % {"name": readable(unknown[0]), "columns": listed(upload.columns)}
        )
    changes: dict[str, Any] = {"options": options.plain(), "first": [], "problems": []}
    if not waiting_prompts.decides(actor, study=upload.study):
        changes["requested_by_id"] = actor.user_id
    _move(actor, upload, UploadState.QUEUED, **changes)
    _start_job(actor, upload)
    return upload


@transaction.atomic
def cancel(*, actor: Actor, upload: Upload) -> Upload:
    """Cancel an import: at once, or within seconds if a worker is reading. Nothing is kept."""
    require(actor, IMPORT, upload.study)
    job = queries.job_of(upload=upload)
    if job.state in UNFINISHED:
        queueing.cancel(actor=actor, job=job)
        upload.refresh_from_db()
        return upload
    upload = _locked(upload.id)
    _move(actor, upload, UploadState.CANCELLED)
    return upload


def _cancel_job(actor: Actor, job: Job) -> None:
    """Cancel the check or the import, never an import that waits for confirmation."""
    require(actor, IMPORT, Upload.objects.select_related("study").get(id=job.subject_id).study)
    queueing.cancel(actor=actor, job=job)


def _read(work: Work) -> None:
    """Check a file, or import it if it is confirmed."""
    upload = Upload.objects.select_related("study").get(id=work.job.subject_id)
    if not path_of(upload=upload).is_file():
        raise Failed(str(GONE))
    try:
        if upload.state == UploadState.CHECKING:
            _check(upload, work)
        else:
            _import(upload, work)
    except RowsRefused as refused:
        _keep_problems(work, refused.problems)
        raise Failed(refused.title) from refused


def _check(upload: Upload, work: Work) -> None:
    checked: dict[str, Any] = {"checked_at": timezone.now()}
    try:
        with _reading(upload) as (rows, options):
            report = imports.check_rows(
                actor=_requester(upload),
                study=upload.study,
                rows=rows,
                watch=lambda report: work.progress(report.rows, rows.total),
            )
    except NoPrompts as unknown:  # a person maps the columns
        found = {"no_prompts": unknown.title, "skipped": 1}
        _finish(work, columns=unknown.columns, found=found, **checked)
    else:
        first = [_preview(row) for row in report.first]
        _keep(work, report, first=first, options=options.plain(), **checked)


def _reading(upload: Upload) -> AbstractContextManager[tuple[Reading, Options]]:
    return reading_for(
        study=upload.study,
        path=path_of(upload=upload),
        options=options_from(upload.options),
        name=upload.name,
    )


@transaction.atomic
def _import(upload: Upload, work: Work) -> None:
    """Import, and end the job in the same transaction."""
    if not try_lock_until_commit(Lock.IMPORT, upload.study_id):
        raise Retry(_("Another import of this study is running."), seconds=AGAIN_SECONDS)
    try:
        with _reading(upload) as (rows, options):
            report = imports.import_rows(
                actor=_requester(upload),
                study=upload.study,
                rows=rows,
                skip_bad=upload.skip_bad,
                source=options.source,
                watch=lambda report: work.progress(report.rows, upload.total or rows.total),
                confirmed_by=Actor(user_id=work.job.requested_by_id),
            )
    except RowsRefused as refused:
        if not upload.found:
            raise
        sentence = _("%(problem)s The study was changed after the check of the file.")
        raise Conflict(sentence % {"problem": refused.title}) from refused
    remember(study=upload.study, about=report.about, options=options)
    _keep(work, report)


def decides(*, actor: Actor, upload: Upload) -> bool:
    """Return whether prompts become tasks at once if this actor confirms the import."""
    return waiting_prompts.decides(_requester(upload), actor, study=upload.study)


def _requester(upload: Upload) -> Actor:
    """Return the actor who requested the import. Their permissions are checked again."""
    return Actor(user_id=upload.requested_by_id)


def _keep(work: Work, report: ImportReport, **changes: Any) -> None:
    """Save the report, and end the job; raises Stopped if it was cancelled."""
    work.progress(report.rows, report.rows)
    found = {
        "prompts": report.prompts,
        "already_there": report.already_there,
        "responses": report.responses,
        "tasks": report.tasks,
        "wait_for_round": report.wait_for_round,
        "wait_for_go": report.wait_for_go,
        "one_reply": report.one_reply,
        "ready": report.ready,
        "models": sorted(report.models),
        "skipped": len(report.skipped),
        "columns_not_used": sorted(report.columns_not_used)[:20],
        "notes": report.notes[:MOST_NOTES],
        "tied_rows": len(report.tied),
        "made_held_out": report.made_held_out,
        "tied": [
            [row.line, row.held_out, row.tied_to, row.made_held_out]
            for row in report.tied[:MOST_TIED]
        ],
        **{name: report.about.get(name) for name in ABOUT},
    }
    problems = _first_of(report.skipped)
    columns = report.about.get("columns", [])
    _finish(work, total=report.rows, found=found, problems=problems, columns=columns, **changes)


@transaction.atomic
def _finish(work: Work, **changes: Any) -> None:
    work.lock()
    upload = _locked(work.job.subject_id)
    for name, value in changes.items():
        setattr(upload, name, value)
    upload.save(update_fields=list(changes))
    work.finish()


@transaction.atomic
def _keep_problems(work: Work, problems: Sequence[RowProblem]) -> None:
    """Save the errors of a file that was not imported."""
    work.lock()
    upload = _locked(work.job.subject_id)
    upload.problems, upload.found = _first_of(problems), {"skipped": len(problems)}
    upload.save(update_fields=["problems", "found"])


def _first_of(problems: Sequence[RowProblem]) -> list[list[Any]]:
    return [[problem.line, problem.problem[:500]] for problem in problems[:MOST_PROBLEMS]]


def _preview(row: ImportRow) -> dict[str, Any]:
    return {
        "turns": [dict(turn) for turn in row.prompt.messages],
        "language": row.prompt.language,
        "category": row.prompt.category,
        "held_out": row.prompt.held_out,
        "topics": list(row.prompt.topics),
        "intensity": row.prompt.intensity,
        "responses": [
            {"text": response.text, "model": response.model} for response in row.responses
        ],
    }


@transaction.atomic
def drop_unconfirmed() -> int:
    """Cancel imports that nobody confirmed within a week; return their number."""
    unconfirmed = queries.unconfirmed().select_for_update(skip_locked=True, of=("self",))
    dropped = list(unconfirmed.select_related("study"))
    for upload in dropped:
        _move(SYSTEM, upload, UploadState.CANCELLED, error=str(UNCONFIRMED))
    return len(dropped)


def _locked(upload_id: uuid.UUID) -> Upload:
    uploads = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    return uploads.get(id=upload_id)


def _move(actor: Actor, upload: Upload, to: UploadState, **changes: Any) -> None:
    """Change the state of a locked import; if that ends it, delete its preview and its file."""
    if not UPLOAD_STATES.table[to]:
        changes |= {"ended_at": timezone.now(), "first": []}
        path = path_of(upload=upload)
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
    transition(upload, to=to, actor=actor, changes=changes)


def _log(move: Move) -> None:
    upload: Upload = move.row
    audit.record(
        actor=move.actor,
        action=MOVED,
        study_id=upload.study_id,
        about=("upload", upload.id, upload.name),
        data={"from": move.old, "to": move.new},
    )


machine(Upload, UPLOAD_STATES, log=_log)
CHECK = {
    JobState.QUEUED: UploadState.QUEUED,
    JobState.RUNNING: UploadState.CHECKING,
    JobState.DONE: UploadState.CHECKED,
}
CONFIRMED_IMPORT = {
    JobState.QUEUED: UploadState.CONFIRMED,
    JobState.RUNNING: UploadState.IMPORTING,
    JobState.DONE: UploadState.DONE,
}
ENDS = {JobState.FAILED: UploadState.FAILED, JobState.CANCELLED: UploadState.CANCELLED}


def _follow(move: Move) -> None:
    """Change the state of an import with its job's, which checks or imports the file."""
    job: Job = move.row
    upload = _locked(job.subject_id)
    checks = upload.state in (UploadState.QUEUED, UploadState.CHECKING)
    states = ENDS | (CHECK if checks else CONFIRMED_IMPORT)
    _move(move.actor, upload, states[JobState(move.new)], error=job.reason[:500])


KIND = register(
    Kind(
        name=queries.KIND,
        task="modelhub.tasks.read_upload",
        queue="exports",
        time_limit=3600,
        run=_read,
        moved=_follow,
        words=gettext_lazy("import"),
        unit=gettext_lazy("rows"),
        permission=UPLOAD,
        cancel=Change(IMPORT, _cancel_job),
        page="modelhub:upload",
    )
)
