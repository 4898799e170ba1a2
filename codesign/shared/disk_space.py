"""Whether there is room on the disk, and whether the lack of it is why something failed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from psycopg.errors import DiskFull

SCANT = 16 << 20
"""Bytes. PostgreSQL takes its log in pieces of 16 MB and stops where it gets none."""
SCANT_FILES = 64
"""Files that may still be made."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
SENTENCE = (
    "The server has no room left on its disk. Nothing that was saved is lost, and nothing of this "
    "was kept. Once there is room, try again."
)


def free_bytes(folder: Path) -> int:
    """What may still be written where this folder lies."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def is_full(folder: Path, *, margin: int = SCANT) -> bool:
    """Whether the disk that holds this folder is full, or as good as full for a database."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    without_files = found.f_files > 0 and found.f_favail < SCANT_FILES
    return found.f_bavail * found.f_frsize < margin or without_files


def was_lacking(error: BaseException | None) -> bool:
    """Whether this error, or one that it came from, is of a disk without room."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, DiskFull):
            return True
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        error = error.__cause__ or error.__context__
    return False
