"""Progress and result of a training process, as files in its folder.

`progress.jsonl` gets one JSON object per line. Each line is one append, so that readers see whole
lines. `result.json` is renamed into place when it is complete.
"""

import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRESS = "progress.jsonl"
RESULT = "result.json"
LOOK_S = 5.0
NO_ROOM = "The disk is full. Free some disk space, then start this again."


class Exit(IntEnum):
    """Exit codes of the process. A negative code means that a signal ended it without a result."""

    DONE = 0
    FAILED = 1
    BAD_SPEC = 2
    CANCELLED = 3
    OUT_OF_MEMORY = 4
    BUSY = 5
    NO_ROOM = 6


class Progress:
    """Appends events.

    As a context manager it runs a thread that calls `orphaned` once if the parent process ends.
    """

    def __init__(self, folder: Path, *, orphaned: Callable[[], None]) -> None:
        self._path = folder / PROGRESS
        self._orphaned = orphaned
        self._parent = os.getppid()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch_parent, daemon=True)
        self._lock = threading.Lock()

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def append(self, event: str, **values: Any) -> None:
        """Write one event with the time (UTC)."""
        line = {"event": event, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
        data = (json.dumps({**line, **values}, allow_nan=False) + "\n").encode()
        with self._lock:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, data)
            finally:
                os.close(file)

    def _watch_parent(self) -> None:
        while not self._stop.wait(LOOK_S):
            if os.getppid() != self._parent:
                self._orphaned()
                return


class Silent(Progress):
    """Watches the parent, and reports nothing: for processes of a run other than the first."""

    def append(self, event: str, **values: Any) -> None:
        """Report nothing."""


def read_progress(folder: Path) -> list[dict[str, Any]]:
    """Return all complete events so far. An incomplete last line is left for the next call.

    If the disk was full, an event may be cut off and followed by another on the same line. Such
    lines are skipped.
    """
    try:
        text = (folder / PROGRESS).read_text()
    except FileNotFoundError:
        return []
    events = []
    for line in text[: text.rfind("\n") + 1].splitlines():
        with contextlib.suppress(ValueError):
            events.append(json.loads(line))
    return events


def keep_steps(folder: Path, *, until: int) -> list[dict[str, Any]]:
    """Rewrite the file with the events of steps that need not be repeated, and return those."""
    kept = [
        event
        for event in read_progress(folder)
        if event["event"] in ("step", "measurement") and 0 < until >= event["step"]
    ]
    partial = folder / f".{PROGRESS}.partial"
    partial.write_text("".join(json.dumps(event) + "\n" for event in kept))
    partial.rename(folder / PROGRESS)
    return kept


def write_result(folder: Path, result: dict[str, Any]) -> None:
    """Write `result.json` atomically."""
    partial = folder / f".{RESULT}.partial"
    with partial.open("w") as file:
        json.dump(result, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / RESULT)


def read_result(folder: Path, returncode: int) -> dict[str, Any]:
    """Return the result of a process; without a result file, an error from its exit code."""
    try:
        return dict(json.loads((folder / RESULT).read_text()))
    except (OSError, ValueError):
        return {"state": "failed", "error": _ending(returncode)}


def _ending(returncode: int) -> str:
    if returncode == Exit.NO_ROOM:
        return NO_ROOM
    if returncode == -signal.SIGKILL:
        return "The operating system stopped the training, probably because memory ran out."
    if returncode < 0:
        return f"The training was stopped by the signal {signal.Signals(-returncode).name}."
    return f"The training ended without a result (exit code {returncode})."
