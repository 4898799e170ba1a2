"""Stores the files of imports, and deletes those that a crash left."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from modelhub.queries import uploads as queries

ORPHAN_AFTER = 3600.0
"""Seconds; longer than any upload takes."""


def store(*, chunks: Iterable[bytes], path: Path) -> str:
    """Write the whole file, or leave none; return its SHA-256."""
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


def clear_orphans() -> None:
    """Delete files without an unfinished import, which a killed process may leave.

    New files are kept, since their rows may not be committed yet.
    """
    needed = {str(upload_id) for upload_id in queries.not_ended()}
    for path in Path(settings.UPLOADS_DIR).glob("*"):
        with suppress(FileNotFoundError):
            if path.stem not in needed and time.time() - path.stat().st_mtime > ORPHAN_AFTER:
                path.unlink()
