"""Prompts that a program sends: a few at once, more by the worker that imports uploads.

The program has decided: nobody is asked once more, and nothing of what is bad comes in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from codesign.shared.actors import Actor
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Upload
from modelhub.permissions import IMPORT
from modelhub.queries.uploads import path_of
from modelhub.rules.imports import AT_ONCE_BYTES, AT_ONCE_ROWS
from modelhub.rules.states import UploadState
from modelhub.services.files import BLOCK, expected_rows, read_rows
from modelhub.services.uploads import received, store

NAME = "prompts-by-api"
"""What a file is called that came without a name."""


def takes_long(*, path: Path) -> bool:
    """Whether a file is more than should be imported while a program waits for the answer."""
    return path.stat().st_size > AT_ONCE_BYTES or expected_rows(path=path) > AT_ONCE_ROWS


def take_file(*, actor: Actor, study: Study, path: Path, skip_bad: bool = False) -> Upload:
    """Keep a copy of a file for a worker, see `_take`."""
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(BLOCK), b"")
        return _take(actor, study, path.suffix, chunks, skip_bad=skip_bad)


def take_rows(*, actor: Actor, study: Study, rows: Iterable[Any], skip_bad: bool = False) -> Upload:
    """Keep rows of JSON as a file of lines for a worker, see `_take`."""
    return _take(actor, study, ".jsonl", _lines(rows), skip_bad=skip_bad)


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row).encode() + b"\n"


def _take(
    actor: Actor, study: Study, suffix: str, chunks: Iterable[bytes], *, skip_bad: bool
) -> Upload:
    """Keep it and ring a worker; Invalid where it is nothing that can be read at all.

    The very same once more, before the first has ended, is that first import.
    """
    require(actor, IMPORT, study)
    new = Upload(study=study, suffix=suffix, name=NAME + suffix, skip_bad=skip_bad)
    path = path_of(upload=new)
    try:
        new.sha256 = store(chunks=chunks, path=path)
        next(read_rows(path=path, name="The file"), None)
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
            "total": expected_rows(path=path_of(upload=new)),
        },
    )
    if made:
        received(actor=actor, upload=upload)
    return upload
