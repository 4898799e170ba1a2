"""Files of prompts from a page: kept, looked through, shown, and imported after a yes.

What a program sends goes the same way from `confirm` on, see `api_imports`.

The row is the truth: a worker that dies leaves it to the next ring, and since an import is one
transaction nothing is half there. Signs of life and the wish to cancel go over a connection of
their own, beside that transaction.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connections, transaction
from django.utils import timezone

from annotations.rules.prompts import RowProblem
from annotations.services.intake import RowsRefused
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import DATABASE_AWAY, Conflict, Invalid, Refusal, TooLarge
from codesign.shared.jobs import enqueue
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
from modelhub.services.imports import ImportReport, Watch

log = logging.getLogger(__name__)
RECEIVED = action("modelhub.upload_received", "brought a file of prompts")
MOVED = action("modelhub.upload_moved", "moved an import to another state")
READ_TASK = "modelhub.tasks.read_upload"
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".parquet")
MOST_PROBLEMS = 200
MOST_TIED = 50
"""Rows whose ties are shown."""
ORPHAN_AFTER = 3600.0
"""Seconds; no upload takes so long to arrive."""
SIGN_EVERY_SECONDS = 1.0
UNCONFIRMED = "Nobody imported it within a week, so the file was deleted. Please bring it again."
GONE = "Its file is not on the server any more, so nothing came in. Please bring it again."
STOPPED = (
    "The import stopped with an error that is not of your making; the server's log says more. "
    "Nothing came in."
)
SIGN = """
UPDATE modelhub_upload SET rows = %s, heartbeat_at = now() WHERE id = %s
RETURNING cancel_requested_at IS NOT NULL OR state NOT IN ('checking', 'importing')
"""


class Stopped(Exception):
    """Somebody cancelled while it was read."""


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
    """Put a new row on record and let a worker have it."""
    audit.record(
        actor=actor,
        action=RECEIVED,
        study_id=upload.study_id,
        about=("upload", upload.id, upload.name),
        data={"bytes": path_of(upload=upload).stat().st_size},
    )
    enqueue(READ_TASK, upload.id)


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
    upload.skip_bad = skip_bad
    upload.rows, upload.started_at = 0, None
    _move(actor, upload, UploadState.CONFIRMED)
    enqueue(READ_TASK, upload.id)
    return upload


@transaction.atomic
def cancel(*, actor: Actor, upload: Upload) -> Upload:
    """End an import, at once or (where a worker reads) within seconds; nothing of it stays."""
    require(actor, IMPORT, upload.study)
    upload = _locked(upload.id)
    if upload.state in (UploadState.CHECKING, UploadState.IMPORTING):
        upload.cancel_requested_at = timezone.now()
        upload.save(update_fields=["cancel_requested_at"])
    else:
        _move(actor, upload, UploadState.CANCELLED)
    return upload


def read(*, upload_id: uuid.UUID) -> None:
    """Do what a file waits for; nothing where another worker has it or it has ended."""
    upload = _claim(upload_id)
    if upload is None:
        return
    work = _check if upload.state == UploadState.CHECKING else _import
    try:
        _look_for_file(upload)
        with _signs_of_life(upload) as watch:
            work(upload, watch)
    except Stopped:
        _end(upload_id, UploadState.CANCELLED)
    except RowsRefused as refused:
        _end(upload_id, UploadState.FAILED, error=refused.title, problems=refused.problems)
    except Refusal as refusal:
        _end(upload_id, UploadState.FAILED, error=refusal.title)
    except DATABASE_AWAY:
        raise  # the file is not at fault: it is rung for again
    except Exception:
        log.exception("import %s stopped", upload_id)
        _end(upload_id, UploadState.FAILED, error=STOPPED)


@transaction.atomic
def _claim(upload_id: uuid.UUID) -> Upload | None:
    upload = _locked(upload_id)
    if upload.state not in queries.WAITING:
        return None
    now = timezone.now()
    upload.started_at = upload.heartbeat_at = now
    checking = upload.state == UploadState.QUEUED
    _move(SYSTEM, upload, UploadState.CHECKING if checking else UploadState.IMPORTING)
    return upload


def _look_for_file(upload: Upload) -> None:
    if not path_of(upload=upload).is_file():
        raise Conflict(GONE)


@contextmanager
def _signs_of_life(upload: Upload) -> Iterator[Watch]:
    """A function to call now and then: it writes how far it is, and ends what was cancelled.

    The first call only starts the clock: until then the file's reader was starting.
    """
    beside = connections.create_connection("default")
    last = 0.0

    def watch(report: ImportReport) -> None:
        nonlocal last
        last, before = last or time.monotonic(), last
        if not before or time.monotonic() - last < SIGN_EVERY_SECONDS:
            return
        last = time.monotonic()
        with beside.cursor() as cursor:
            cursor.execute(SIGN, [report.rows, upload.id])
            row = cursor.fetchone()
        if row is None or row[0]:
            raise Stopped

    try:
        yield watch
    finally:
        beside.close()


def _check(upload: Upload, watch: Watch) -> None:
    with reading(path=path_of(upload=upload), name=upload.name) as rows:
        Upload.objects.filter(id=upload.id).update(total=rows.total)
        report = imports.check_rows(
            actor=_asker(upload), study=upload.study, rows=rows, watch=watch
        )
    with transaction.atomic():
        upload = _locked(upload.id)
        _keep(upload, report)
        upload.first = [_seen(row) for row in report.first]
        _move(SYSTEM, upload, UploadState.CHECKED)


@transaction.atomic
def _import(upload: Upload, watch: Watch) -> None:
    """Import and say so in one transaction: either both are there afterwards or neither."""
    try:
        report = imports.import_file(
            actor=_asker(upload),
            study=upload.study,
            path=path_of(upload=upload),
            name=upload.name,
            skip_bad=upload.skip_bad,
            watch=watch,
        )
    except RowsRefused as refused:
        if not upload.found:
            raise
        sentence = f"{refused.title} The study has changed since the file was looked through."
        raise Conflict(sentence) from refused
    upload = _locked(upload.id)
    if upload.cancel_requested_at:
        raise Stopped
    _keep(upload, report)
    _move(SYSTEM, upload, UploadState.DONE)


def _asker(upload: Upload) -> Actor:
    """Who asked, so that the import is theirs; what they may do is looked up anew."""
    return Actor(user_id=upload.requested_by_id)


def _keep(upload: Upload, report: ImportReport) -> None:
    upload.rows = upload.total = report.rows
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
    upload.heartbeat_at = timezone.now()


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


@transaction.atomic
def _end(
    upload_id: uuid.UUID,
    state: UploadState,
    *,
    error: str = "",
    problems: Sequence[RowProblem] = (),
) -> None:
    upload = _locked(upload_id)
    if UPLOAD_STATES.allows(upload.state, state):
        upload.error = error[:500]
        if problems:
            upload.problems, upload.found = _first_of(problems), {"skipped": len(problems)}
        _move(SYSTEM, upload, state)


def tend() -> int:
    """Ring for files that wait and clear away those that nothing waits for; how many were rung."""
    rung = ring_waiting()
    clear_orphans()
    return rung


def clear_orphans() -> None:
    """Remove files that no row waits for: whoever kept or dropped them died at that moment.

    Young ones stay, since their rows may not have been committed yet.
    """
    waiting = {str(upload_id) for upload_id in queries.not_ended()}
    for path in Path(settings.UPLOADS_DIR).glob("*"):
        with suppress(FileNotFoundError):
            if path.stem not in waiting and time.time() - path.stat().st_mtime > ORPHAN_AFTER:
                path.unlink()


@transaction.atomic
def ring_waiting() -> int:
    """Ring for every file that waits, also for those whose worker is gone; how many there were."""
    for upload in queries.stale().select_for_update(skip_locked=True, of=("self",)):
        if upload.cancel_requested_at:
            _move(SYSTEM, upload, UploadState.CANCELLED)
            continue
        again = upload.state == UploadState.CHECKING
        _move(SYSTEM, upload, UploadState.QUEUED if again else UploadState.CONFIRMED)
    waiting = list(Upload.objects.filter(state__in=queries.WAITING).values_list("id", flat=True))
    for upload_id in waiting:
        enqueue(READ_TASK, upload_id)
    return len(waiting)


@transaction.atomic
def drop_unconfirmed() -> int:
    """Leave files that nobody said yes to for a week, so that none lies about; how many."""
    unconfirmed = queries.unconfirmed().select_for_update(skip_locked=True, of=("self",))
    dropped = list(unconfirmed.select_related("study"))
    for upload in dropped:
        upload.error = UNCONFIRMED
        _move(SYSTEM, upload, UploadState.CANCELLED)
    return len(dropped)


def _locked(upload_id: uuid.UUID) -> Upload:
    found = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("study")
    return found.get(id=upload_id)


def _move(actor: Actor, upload: Upload, state: UploadState) -> None:
    """Change the state of a locked row by the table, leave a log row, drop what is not needed."""
    old, upload.state = upload.state, UPLOAD_STATES.check(upload.state, state)
    if not UPLOAD_STATES.table[state]:
        upload.ended_at, upload.first = timezone.now(), []
        path = path_of(upload=upload)
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
    upload.save()
    audit.record(
        actor=actor,
        action=MOVED,
        study_id=upload.study_id,
        about=("upload", upload.id, upload.name),
        data={"from": old, "to": upload.state},
    )
