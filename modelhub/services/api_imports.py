"""Imports through the API: few rows at once, more in the background by the import worker.

An import through the API needs no confirmation. Invalid rows are never imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
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
from modelhub.rules.imports import AT_ONCE_BYTES, AT_ONCE_ROWS
from modelhub.rules.states import UploadState
from modelhub.services import imports
from modelhub.services.file_rows import BLOCK, reading
from modelhub.services.imports import ImportReport
from modelhub.services.uploads import received, store

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
    *, actor: Actor, study: Study, path: Path, skip_bad: bool = False
) -> ImportReport | Upload:
    """Import a small file at once, or store a larger one for a worker (see `_take`)."""
    require(actor, IMPORT, study)
    if path.stat().st_size <= AT_ONCE_BYTES:
        with reading(path=path, name=str(NAMELESS), **AT_ONCE) as rows, suppress(TooLarge):
            if rows.total <= AT_ONCE_ROWS:
                return imports.import_rows(actor=actor, study=study, rows=rows, skip_bad=skip_bad)
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(BLOCK), b"")
        return _take(actor, study, path.suffix, chunks, skip_bad=skip_bad)


def check_file(*, actor: Actor, study: Study, path: Path) -> ImportReport:
    """Return what an import of a small file would do; raises TooLarge for other files."""
    require(actor, IMPORT, study)
    if path.stat().st_size > AT_ONCE_BYTES:
        raise TooLarge(str(TOO_MUCH_TO_CHECK))
    with reading(path=path, name=str(NAMELESS), **AT_ONCE) as rows:
        if rows.total > AT_ONCE_ROWS:
            raise TooLarge(str(TOO_MUCH_TO_CHECK))
        return imports.check_rows(actor=actor, study=study, rows=rows)


def take_rows(*, actor: Actor, study: Study, rows: Iterable[Any], skip_bad: bool = False) -> Upload:
    """Store rows of a JSON body as a JSONL file for a worker (see `_take`)."""
    return _take(actor, study, ".jsonl", _lines(rows), skip_bad=skip_bad)


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row).encode() + b"\n"


def _take(
    actor: Actor, study: Study, suffix: str, chunks: Iterable[bytes], *, skip_bad: bool
) -> Upload:
    """Store a file for a worker, or return the unfinished import of the same file.

    Raises Invalid if the file cannot be read at all.
    """
    require(actor, IMPORT, study)
    new = Upload(study=study, suffix=suffix, name=NAME + suffix, skip_bad=skip_bad)
    path = path_of(upload=new)
    try:
        new.sha256 = store(chunks=chunks, path=path)
        with reading(path=path, name=str(NAMELESS)) as rows:
            next(rows, None)
            new.total = rows.total
        upload = _recorded(actor, new)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if upload.id != new.id:
        path.unlink()
    return upload


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
            "state": UploadState.CONFIRMED,
            "total": new.total,
        },
    )
    if created:
        received(actor=actor, upload=upload)
    return upload
