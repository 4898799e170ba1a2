"""Regular checks by the supervisor: free disk space, and the size of logs."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from codesign.shared import disk_space

LOOK_EVERY = 5.0
"""Seconds between two checks."""
ENOUGH = 2 * disk_space.SCANT
"""Bytes. The disk counts as free again above this. It is above `SCANT` to avoid flapping."""
LONGEST_LOG = 8 << 20
"""Bytes. A longer log is rotated while its program continues writing."""
LOGS_KEPT = 3


class Housekeeping:
    """Reports once when the disk becomes full and once when it has space again; rotates logs."""

    def __init__(self, *, home: Path, logs: Path, say: Callable[[str], None]) -> None:
        self._home = home
        self._logs = logs
        self._say = say
        self.full = False

    def look(self) -> None:
        """Check once."""
        trim(self._logs)
        full = disk_space.is_full(self._home, margin=ENOUGH if self.full else disk_space.SCANT)
        if full == self.full:
            return
        self.full = full
        self._say(
            no_room(self._home) if full else "The disk has space again; work resumes automatically."
        )


def no_room(home: Path) -> str:
    """Return what is full, what that means and what to do."""
    left = disk_space.free_bytes(home) >> 20
    return (
        f"The disk that holds {home} is full ({left} MB left). Free at least {ENOUGH >> 20} MB "
        "there. Nothing that was saved is lost, but nothing more can be saved until then."
    )


def rotate(logs: Path) -> None:
    """Rename the logs of earlier runs, so that each run starts its own."""
    for log in logs.glob("*.log"):
        _move_on(log)
        log.replace(_older(log, 1))


def trim(logs: Path) -> None:
    """Rotate a log that became too long by copying it, because its program keeps the file open.

    The program appends, so it continues at the new end. If there is no space for the copy, the log
    stays; then it cannot grow either.
    """
    for log in logs.glob("*.log"):
        if log.stat().st_size < LONGEST_LOG:
            continue
        copy = log.with_suffix(".unfinished")
        try:
            shutil.copyfile(log, copy)
            copy.chmod(0o600)
        except OSError:
            copy.unlink(missing_ok=True)
            continue
        _move_on(log)
        copy.replace(_older(log, 1))
        with contextlib.suppress(OSError):
            os.truncate(log, 0)


def _move_on(log: Path) -> None:
    for number in range(LOGS_KEPT, 1, -1):
        newer = _older(log, number - 1)
        if newer.exists():
            newer.replace(_older(log, number))


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
