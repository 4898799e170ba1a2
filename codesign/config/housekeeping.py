"""What the supervisor looks at now and then: room on the disk, and logs that grow."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from codesign.shared import disk_space

LOOK_EVERY = 5.0
"""Seconds between two looks."""
ENOUGH = 2 * disk_space.SCANT
"""Bytes; from here on there is room again. Above `SCANT`, so that nothing is said in turns."""
LONGEST_LOG = 8 << 20
"""Bytes; a longer log moves one number on while its program goes on writing."""
LOGS_KEPT = 3


class Housekeeping:
    """Says when the disk is full and when it no longer is, once each; keeps logs short."""

    def __init__(self, *, home: Path, logs: Path, say: Callable[[str], None]) -> None:
        self._home = home
        self._logs = logs
        self._say = say
        self.full = False

    def look(self) -> None:
        """Look once."""
        trim(self._logs)
        full = disk_space.is_full(self._home, margin=ENOUGH if self.full else disk_space.SCANT)
        if full == self.full:
            return
        self.full = full
        self._say(no_room(self._home) if full else "There is room again; everything goes on.")


def no_room(home: Path) -> str:
    """What is full, what that means, what to do."""
    left = disk_space.free_bytes(home) >> 20
    return (
        f"The disk that holds {home} is full ({left} MB left): make at least {ENOUGH >> 20} MB of "
        "room there. Nothing that was saved is lost; until then nothing more can be kept."
    )


def rotate(logs: Path) -> None:
    """Move the logs of earlier runs one number on, so that each run begins its own."""
    for log in logs.glob("*.log"):
        _move_on(log)
        log.replace(_older(log, 1))


def trim(logs: Path) -> None:
    """Do so with a log that got long, by copying: its program holds the file itself open.

    It writes at the end wherever that is. Where there is no room for the copy the log stays; it
    cannot grow then.
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
