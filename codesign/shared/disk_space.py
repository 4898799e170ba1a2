"""Free disk space, and whether an error was caused by a full disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from psycopg.errors import DiskFull

SCANT = 16 << 20
"""Bytes. PostgreSQL writes its log in segments of 16 MB and stops if it cannot create one."""
SCANT_FILES = 64
"""Files (inodes) that can still be created."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
SENTENCE = _(
    "The server's disk is full. Nothing that was saved is lost, but this was not saved. "
    "Free some disk space, then try again."
)


def free_bytes(folder: Path) -> int:
    """Return the bytes that can still be written to the disk that holds `folder`."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def is_full(folder: Path, *, margin: int = SCANT) -> bool:
    """Return whether the disk that holds `folder` is full, or too full for a database."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    without_files = disk.f_files > 0 and disk.f_favail < SCANT_FILES
    return disk.f_bavail * disk.f_frsize < margin or without_files


def was_lacking(error: BaseException | None) -> bool:
    """Return whether this error, or one of its causes, comes from a full disk."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, DiskFull):
            return True
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        error = error.__cause__ or error.__context__
    return False
