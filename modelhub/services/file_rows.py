"""Rows of files from outside, one after another: read by a process with limits (`file_reader`).

No other process opens what somebody brought: neither one that answers requests nor a worker. The
reader may run out of memory or time, hang or die; here that is a sentence.
"""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from codesign.shared.errors import Conflict, Invalid, Refusal, TooLarge
from modelhub.rules.imports import MOST_BYTES, BadRow, unpacked

log = logging.getLogger(__name__)
Row = tuple[int, Any]
"""(line, what stood there): a row, or the BadRow that says why there is none."""
BLOCK = 1 << 20
MOST_MESSAGE = 100_000_000
"""Bytes of one row as the reader writes it."""
SECONDS = 900
"""Of the processor for one file; 500 MB of text take two hundred."""
STUCK_AFTER = 60.0
"""Seconds in which the reader says nothing, after which it is stopped."""
TURNS = threading.BoundedSemaphore(2)
"""Files that one process has read at a time: each reader may take half a gigabyte."""
TURN_AFTER = 20.0
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""The reader needs no password."""
FEW_THREADS = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
}


class Reading(Iterator[Row]):
    """The rows of one file; `total` is how many it may hold."""

    def __init__(self, out: IO[bytes], name: str, stuck_after: float) -> None:
        self._messages = _messages(out, name, stuck_after)
        self._name = name
        self.total = int(self._next()["total"])

    def __next__(self) -> Row:
        """The next row; Invalid or TooLarge where the rest cannot be read."""
        said = self._next()
        if isinstance(said, dict):
            raise StopIteration
        if len(said) == 2:
            return said[0], BadRow(said[1])
        return said[0], unpacked(said)

    def _next(self) -> Any:
        said = json.loads(next(self._messages))
        if isinstance(said, dict) and "refused" in said:
            if where := said.get("log"):
                log.warning("a file could not be read: %s", where)
            raise _refusal(*said["refused"])
        return said


def _refusal(status: int, sentence: str, field: str) -> Refusal:
    if status == TooLarge.status:
        return TooLarge(sentence)
    return Invalid(sentence, {field: [sentence]} if field else None)


@contextmanager
def reading(
    *,
    path: Path,
    name: str = "",
    most_text: int = MOST_BYTES,
    seconds: int = SECONDS,
    stuck_after: float = STUCK_AFTER,
) -> Iterator[Reading]:
    """Every row of a JSONL, CSV or Parquet file with the line it stands on (from 1).

    `name` is what the file is called where it lies under another name, `most_text` how many
    characters may stand in all rows together. The process that reads ends with this block.
    """
    if not TURNS.acquire(timeout=TURN_AFTER):
        raise Conflict("Other files are being read right now. Please try again in a minute.")
    try:
        command = [sys.executable, "-m", "modelhub.services.file_reader", str(path.absolute())]
        process = subprocess.Popen(  # noqa: S603
            [*command, name or path.name, str(most_text), str(seconds)],
            cwd=settings.BASE_DIR,
            env={key: os.environ[key] for key in KEPT if key in os.environ} | FEW_THREADS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=BLOCK,
        )
        try:
            with process.stdout as out:  # type: ignore[union-attr]  # it is a pipe
                yield Reading(out, name or path.name, stuck_after)
        finally:
            process.kill()
            process.wait()
    finally:
        TURNS.release()


def _messages(out: IO[bytes], name: str, stuck_after: float) -> Iterator[bytes]:
    """What the reader says, line by line; Invalid where it ends without its last word."""
    waiting = select.poll()
    waiting.register(out, select.POLLIN)
    parts: list[bytes] = []
    held = 0
    while waiting.poll(stuck_after * 1000):
        block = os.read(out.fileno(), BLOCK)
        if not block:
            raise Invalid(
                f"{name} cannot be read: it takes more memory or time than a file may, or it is "
                "damaged. Please split it, or save it as JSONL."
            )
        held += len(block)
        if held > MOST_MESSAGE:
            break
        if b"\n" in block:
            lines = b"".join((*parts, block)).split(b"\n")
            parts = [lines.pop()]
            held = len(parts[0])
            yield from lines
        else:
            parts.append(block)
    raise Invalid(f"{name} cannot be read: it takes too long. Please split it.")
