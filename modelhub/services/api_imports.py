"""Prompts that a program sends: a few at once, more by the worker that imports uploads.

The program has decided: nobody is asked once more, and nothing of what is bad comes in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import transaction

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
"""What a file is called that came without a name."""
NAMELESS = "The file"
TOO_MUCH_TO_CHECK = (
    "A check takes at most 1,000 rows or 4 MB. Send them in parts, or check the whole file on the "
    "import page or by manage.py import_prompts --check."
)
AT_ONCE: dict[str, Any] = {"most_text": AT_ONCE_BYTES, "seconds": 30, "stuck_after": 45.0}
"""Limits of reading while a program waits: a small file that unpacks to more is left to a worker,
and nobody waits longer than that."""


def take_file(
    *, actor: Actor, study: Study, path: Path, skip_bad: bool = False
) -> ImportReport | Upload:
    """Import a file at once where that is soon done; else keep a copy for a worker, see `_take`."""
    require(actor, IMPORT, study)
    if path.stat().st_size <= AT_ONCE_BYTES:
        with reading(path=path, name=NAMELESS, **AT_ONCE) as rows, suppress(TooLarge):
            if rows.total <= AT_ONCE_ROWS:
                return imports.import_rows(actor=actor, study=study, rows=rows, skip_bad=skip_bad)
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(BLOCK), b"")
        return _take(actor, study, path.suffix, chunks, skip_bad=skip_bad)


def check_file(*, actor: Actor, study: Study, path: Path) -> ImportReport:
    """What would come of an import of a file that is soon read; TooLarge for any other."""
    require(actor, IMPORT, study)
    if path.stat().st_size > AT_ONCE_BYTES:
        raise TooLarge(TOO_MUCH_TO_CHECK)
    with reading(path=path, name=NAMELESS, **AT_ONCE) as rows:
        if rows.total > AT_ONCE_ROWS:
            raise TooLarge(TOO_MUCH_TO_CHECK)
        return imports.check_rows(actor=actor, study=study, rows=rows)


def take_rows(*, actor: Actor, study: Study, rows: Iterable[Any], skip_bad: bool = False) -> Upload:
    """Keep rows of JSON as a file of lines for a worker, see `_take`."""
    return _take(actor, study, ".jsonl", _lines(rows), skip_bad=skip_bad)


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row).encode() + b"\n"


def _take(
    actor: Actor, study: Study, suffix: str, chunks: Iterable[bytes], *, skip_bad: bool
) -> Upload:
    """Keep it for a worker; Invalid where it is nothing that can be read at all.

    The very same once more, before the first has ended, is that first import.
    """
    require(actor, IMPORT, study)
    new = Upload(study=study, suffix=suffix, name=NAME + suffix, skip_bad=skip_bad)
    path = path_of(upload=new)
    try:
        new.sha256 = store(chunks=chunks, path=path)
        with reading(path=path, name=NAMELESS) as rows:
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
    upload, made = Upload.objects.get_or_create(
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
    if made:
        received(actor=actor, upload=upload)
    return upload
