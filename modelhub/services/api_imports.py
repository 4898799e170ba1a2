"""Imports through the API: few rows at once, more in the background by the import worker.

An import through the API needs no confirmation. Invalid rows are never imported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from codesign.shared.actors import Actor
from codesign.shared.errors import TooLarge
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Upload
from modelhub.permissions import IMPORT
from modelhub.queries.uploads import path_of
from modelhub.rules.import_choices import Options
from modelhub.rules.imports import AT_ONCE_BYTES, AT_ONCE_ROWS
from modelhub.rules.states import UploadState
from modelhub.services import imports
from modelhub.services.file_rows import BLOCK, Reading
from modelhub.services.import_options import reading_for, remember
from modelhub.services.imports import ImportReport, Rows
from modelhub.services.upload_files import store
from modelhub.services.uploads import received

NAME = "prompts-by-api"
"""Name of a file that was sent without a name."""
NAMELESS = _("The file")
TOO_MUCH_TO_CHECK = _(
    "A check is limited to 1,000 rows and 4 MB. Send the rows in parts, or check the whole file on "
    "the import page or with manage.py import_prompts --check."
)
AT_ONCE: dict[str, Any] = {"most_text": AT_ONCE_BYTES, "seconds": 30, "stuck_after": 45.0}
"""Limits of reading during a request. A small file that unpacks to more goes to a worker."""


def take_file(
    *, actor: Actor, study: Study, path: Path, options: Options | None, skip_bad: bool = False
) -> ImportReport | Upload:
    """Import a small file at once, or store a larger one for a worker (see `_take`)."""
    require(actor, IMPORT, study)
    if path.stat().st_size <= AT_ONCE_BYTES:
        with _reading(study, path, options) as (rows, used), suppress(TooLarge):
            if rows.total <= AT_ONCE_ROWS:
                return import_now(
                    actor=actor, study=study, rows=rows, options=used, skip_bad=skip_bad
                )
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(BLOCK), b"")
        return _take(actor, study, path.suffix, chunks, options=options, skip_bad=skip_bad)


def _reading(
    study: Study, path: Path, options: Options | None
) -> AbstractContextManager[tuple[Reading, Options]]:
    return reading_for(study=study, path=path, options=options, name=str(NAMELESS), **AT_ONCE)


@transaction.atomic
def import_now(
    *, actor: Actor, study: Study, rows: Rows, options: Options | None, skip_bad: bool
) -> ImportReport:
    """Import rows within a request, and keep their options for the next such file."""
    source = options.source if options else ""
    report = imports.import_rows(
        actor=actor, study=study, rows=rows, skip_bad=skip_bad, source=source
    )
    remember(study=study, about=report.about, options=options)
    return report


def check_file(*, actor: Actor, study: Study, path: Path, options: Options | None) -> ImportReport:
    """Return what an import of a small file would do; raises TooLarge for other files."""
    require(actor, IMPORT, study)
    if path.stat().st_size > AT_ONCE_BYTES:
        raise TooLarge(str(TOO_MUCH_TO_CHECK))
    with _reading(study, path, options) as (rows, _used):
        if rows.total > AT_ONCE_ROWS:
            raise TooLarge(str(TOO_MUCH_TO_CHECK))
        return imports.check_rows(actor=actor, study=study, rows=rows)


def take_rows(
    *,
    actor: Actor,
    study: Study,
    rows: Iterable[Any],
    options: Options | None = None,
    skip_bad: bool = False,
) -> Upload:
    """Store rows of a JSON body as a JSONL file for a worker (see `_take`)."""
    return _take(actor, study, ".jsonl", _lines(rows), options=options, skip_bad=skip_bad)


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row).encode() + b"\n"


def _take(
    actor: Actor,
    study: Study,
    suffix: str,
    chunks: Iterable[bytes],
    *,
    options: Options | None,
    skip_bad: bool,
) -> Upload:
    """Store a file for a worker, or return the unfinished import of the same file.

    Raises Invalid if the file cannot be read at all.
    """
    require(actor, IMPORT, study)
    new = Upload(study=study, suffix=suffix, name=NAME + suffix, skip_bad=skip_bad)
    path = path_of(upload=new)
    try:
        content = store(chunks=chunks, path=path)
        with reading_for(study=study, path=path, options=options, name=str(NAMELESS)) as read:
            rows, used = read
            next(rows, None)
            new.total, new.options = rows.total, used.plain()
        new.sha256 = _hash(content, new.options)
        upload = _recorded(actor, new)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if upload.id != new.id:
        path.unlink()
    return upload


def _hash(content: str, options: dict[str, Any]) -> str:
    """Return a hash of a file and its options: the same file read differently is another import."""
    return hashlib.sha256(f"{content}{json.dumps(options, sort_keys=True)}".encode()).hexdigest()


@transaction.atomic
def _recorded(actor: Actor, new: Upload) -> Upload:
    upload, created = Upload.objects.get_or_create(
        study=new.study,
        requested_by_id=actor.user_id,
        sha256=new.sha256,
        skip_bad=new.skip_bad,
        ended_at=None,
        defaults={
            "id": new.id,
            "name": new.name,
            "suffix": new.suffix,
            "options": new.options,
            "state": UploadState.CONFIRMED,
            "total": new.total,
        },
    )
    if created:
        received(actor=actor, upload=upload)
    return upload
