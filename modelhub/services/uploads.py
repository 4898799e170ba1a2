"""Files of prompts from a page: stored, checked, shown, and imported once a person confirms.

What a program sends takes the same way from `confirm` on, see `api_imports`. The check and the
import are a job each. An import is one transaction: a worker that dies leaves nothing of it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
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
from codesign.jobs.registry import Failed, Kind, Retry, register
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
from modelhub.rules.imports import MOST_BYTES, ImportRow
from modelhub.rules.states import UPLOAD_STATES, UploadState
from modelhub.services import imports
from modelhub.services.file_rows import reading
from modelhub.services.imports import ImportReport

RECEIVED = action("modelhub.upload_received", "brought a file of prompts")
MOVED = action("modelhub.upload_moved", "moved an import to another state")
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".parquet")
MOST_PROBLEMS = 200
MOST_TIED = 50
"""Rows whose ties are shown."""
ORPHAN_AFTER = 3600.0
"""Seconds; no upload takes so long to arrive."""
UNCONFIRMED = "Nobody imported it within a week, so the file was deleted. Please bring it again."
AGAIN_SECONDS = 5
GONE = "Its file is not on the server any more, so nothing came in. Please bring it again."


@transaction.atomic
def receive(*, actor: Actor, study: Study, file: UploadedFile[bytes]) -> Upload:
    """Keep a file and let a worker look through it; nothing is imported before `confirm`."""
    require(actor, UPLOAD, study)
    name = Path(file.name or "").name
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        _refuse(f"{name} cannot be read. Please choose a .jsonl, .csv or .parquet file.")
    if not file.size:
        _refuse(f"{name} is empty. Please choose a file with a row for each prompt.")
    if (file.size or 0) > MOST_BYTES:
        raise TooLarge(f"{name} has more than {MOST_BYTES:,} bytes. Please split it.")
    upload = Upload.objects.create(
        study=study, requested_by_id=actor.user_id, name=name[:120], suffix=suffix
    )
    store(chunks=file.chunks(), path=path_of(upload=upload))
    received(actor=actor, upload=upload)
    return upload


def received(*, actor: Actor, upload: Upload) -> None:
    """Put a new row on record and queue its job."""
    audit.record(
        actor=actor,
        action=RECEIVED,
        study_id=upload.study_id,
        about=("upload", upload.id, upload.name),
        data={"bytes": path_of(upload=upload).stat().st_size},
    )
    _start_job(actor, upload)


def _start_job(actor: Actor, upload: Upload) -> None:
    queueing.start(
        actor=actor,
        kind=KIND.name,
        subject_id=upload.id,
        study_id=upload.study_id,
        label=upload.name,
        total=upload.total,
    )


def store(*, chunks: Iterable[bytes], path: Path) -> str:
    """Write the whole file, or leave none; its SHA-256."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with path.open("wb") as kept:
            for chunk in chunks:
                digest.update(chunk)
                kept.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def _refuse(sentence: str) -> None:
    raise Invalid(sentence, {"file": [sentence]})


@transaction.atomic
def confirm(*, actor: Actor, upload: Upload, skip_bad: bool = False) -> Upload:
    """Import a file that was looked through; with `skip_bad` all of it that is fine."""
    require(actor, UPLOAD, upload.study)
    upload = _locked(upload.id)
    if upload.found.get("skipped") and not skip_bad and upload.state == UploadState.CHECKED:
        raise Conflict("Some rows cannot come in. Mend the file, or import the rest.")
    _move(actor, upload, UploadState.CONFIRMED, skip_bad=skip_bad)
    _start_job(actor, upload)
    return upload


@transaction.atomic
def cancel(*, actor: Actor, upload: Upload) -> Upload:
    """End an import, at once or (where a worker reads) within seconds; nothing of it stays."""
    require(actor, IMPORT, upload.study)
    job = queries.job_of(upload=upload)
    if job.state in UNFINISHED:
        queueing.cancel(actor=actor, job=job)
        upload.refresh_from_db()
        return upload
    upload = _locked(upload.id)
    _move(actor, upload, UploadState.CANCELLED)
    return upload


def _read(work: Work) -> None:
    """Check a file, or import it once it was confirmed."""
    upload = Upload.objects.select_related("study").get(id=work.job.subject_id)
    if not path_of(upload=upload).is_file():
        raise Failed(GONE)
    try:
        if upload.state == UploadState.CHECKING:
            _check(upload, work)
        else:
            _import(upload, work)
    except RowsRefused as refused:
        _keep_problems(work, refused.problems)
        raise Failed(refused.title) from refused


def _check(upload: Upload, work: Work) -> None:
    with reading(path=path_of(upload=upload), name=upload.name) as rows:
        report = imports.check_rows(
            actor=_asker(upload),
            study=upload.study,
            rows=rows,
            watch=lambda report: work.progress(report.rows, rows.total),
        )
    with transaction.atomic():
        first = [_seen(row) for row in report.first]
        _keep(work, report, first=first, checked_at=timezone.now())


@transaction.atomic
def _import(upload: Upload, work: Work) -> None:
    """Import and end the job in one transaction: either both are there afterwards or neither."""
    if not try_lock_until_commit(Lock.IMPORT, upload.study_id):
        raise Retry(_("Another import of this study comes first."), seconds=AGAIN_SECONDS)
    try:
        with reading(path=path_of(upload=upload), name=upload.name) as rows:
            report = imports.import_rows(
                actor=_asker(upload),
                study=upload.study,
                rows=rows,
                skip_bad=upload.skip_bad,
                watch=lambda report: work.progress(report.rows, upload.total or rows.total),
            )
    except RowsRefused as refused:
        if not upload.found:
            raise
        sentence = f"{refused.title} The study has changed since the file was checked."
        raise Conflict(sentence) from refused
    _keep(work, report)


def _asker(upload: Upload) -> Actor:
    """Who asked, so that the import is theirs; what they may do is looked up anew."""
    return Actor(user_id=upload.requested_by_id)


def _keep(work: Work, report: ImportReport, **changes: Any) -> None:
    """Write what came of it, and end the job; raises Stopped where it was cancelled."""
    work.progress(report.rows, report.rows)
    work.lock()
    upload = _locked(work.job.subject_id)
    upload.total = report.rows
    upload.found = {
        "prompts": report.prompts,
        "already_there": report.already_there,
        "responses": report.responses,
        "tasks": report.tasks,
        "wait_for_round": report.wait_for_round,
        "models": sorted(report.models),
        "skipped": len(report.skipped),
        "columns_not_used": sorted(report.columns_not_used)[:20],
        "tied_rows": len(report.tied),
        "made_held_out": report.made_held_out,
        "tied": [
            [row.line, row.held_out, row.tied_to, row.made_held_out]
            for row in report.tied[:MOST_TIED]
        ],
    }
    upload.problems = _first_of(report.skipped)
    for name, value in changes.items():
        setattr(upload, name, value)
    upload.save(update_fields=["total", "found", "problems", *changes])
    work.finish()


@transaction.atomic
def _keep_problems(work: Work, problems: Sequence[RowProblem]) -> None:
    """Write what is wrong with the rows of a file of which nothing came in."""
    work.lock()
    upload = _locked(work.job.subject_id)
    upload.problems, upload.found = _first_of(problems), {"skipped": len(problems)}
    upload.save(update_fields=["problems", "found"])


def _first_of(problems: Sequence[RowProblem]) -> list[list[Any]]:
    return [[one.line, one.problem[:500]] for one in problems[:MOST_PROBLEMS]]


def _seen(row: ImportRow) -> dict[str, Any]:
    return {
        "turns": [dict(turn) for turn in row.prompt.messages],
        "language": row.prompt.language,
        "category": row.prompt.category,
        "held_out": row.prompt.held_out,
        "topics": list(row.prompt.topics),
        "intensity": row.prompt.intensity,
        "responses": [{"text": one.text, "model": one.model} for one in row.responses],
    }


def clear_orphans() -> None:
    """Remove files that no row needs: a process died while it stored or dropped them.

    Young ones stay, since their rows may not have been committed yet.
    """
    waiting = {str(upload_id) for upload_id in queries.not_ended()}
    for path in Path(settings.UPLOADS_DIR).glob("*"):
        with suppress(FileNotFoundError):
            if path.stem not in waiting and time.time() - path.stat().st_mtime > ORPHAN_AFTER:
                path.unlink()


@transaction.atomic
def drop_unconfirmed() -> int:
    """Leave files that nobody said yes to for a week, so that none lies about; how many."""
    unconfirmed = queries.unconfirmed().select_for_update(skip_locked=True, of=("self",))
    dropped = list(unconfirmed.select_related("study"))
    for upload in dropped:
        _move(SYSTEM, upload, UploadState.CANCELLED, error=UNCONFIRMED)
    return len(dropped)


def _locked(upload_id: uuid.UUID) -> Upload:
    found = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    return found.get(id=upload_id)


def _move(actor: Actor, upload: Upload, to: UploadState, **changes: Any) -> None:
    """Move a locked row; once it has ended, its rows and its file are dropped."""
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
    """Let an upload follow its job, which checks or imports it."""
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
        page="modelhub:upload",
    )
)
