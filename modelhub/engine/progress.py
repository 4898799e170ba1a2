"""What a training subprocess tells the process that started it, through files in its folder.

`progress.jsonl` gets one JSON object per line, each written by a single append, so that a reader
never sees half a line of a finished write; `result.json` appears once, whole, by a rename.
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
NO_ROOM = "There was no room left on the disk. Once there is, start this again."


class Exit(IntEnum):
    """The subprocess's exit codes. Below zero: a signal ended it and there is no result file."""

    DONE = 0
    FAILED = 1
    BAD_SPEC = 2
    CANCELLED = 3
    OUT_OF_MEMORY = 4
    BUSY = 5
    NO_ROOM = 6


class Progress:
    """Appends events.

    As a context manager it runs a thread that calls `orphaned` once when the process that started
    this one is gone.
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


def read_progress(folder: Path) -> list[dict[str, Any]]:
    """Every whole event written so far; a last line without its end is left for the next time.

    On a full disk an event may have been cut off, and the next one stands on its line: left out.
    """
    try:
        text = (folder / PROGRESS).read_text()
    except FileNotFoundError:
        return []
    found = []
    for line in text[: text.rfind("\n") + 1].splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def keep_steps(folder: Path, *, until: int) -> list[dict[str, Any]]:
    """Begin the file anew with the steps that need not be done again; return those."""
    kept = [e for e in read_progress(folder) if e["event"] == "step" and e["step"] <= until]
    partial = folder / f".{PROGRESS}.partial"
    partial.write_text("".join(json.dumps(event) + "\n" for event in kept))
    partial.rename(folder / PROGRESS)
    return kept


def write_result(folder: Path, result: dict[str, Any]) -> None:
    """Put `result.json` there whole, or not at all."""
    partial = folder / f".{RESULT}.partial"
    with partial.open("w") as file:
        json.dump(result, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / RESULT)


def read_result(folder: Path, returncode: int) -> dict[str, Any]:
    """The result of a subprocess that ended with `returncode`, also of one that left no file."""
    try:
        return dict(json.loads((folder / RESULT).read_text()))
    except (OSError, ValueError):
        return {"state": "failed", "error": _ending(returncode)}


def _ending(returncode: int) -> str:
    if returncode == Exit.NO_ROOM:
        return NO_ROOM
    if returncode == -signal.SIGKILL:
        return "The system ended the training, most likely because memory ran out."
    if returncode < 0:
        return f"The training was ended by the signal {signal.Signals(-returncode).name}."
    return f"The training ended without a result (exit code {returncode})."
