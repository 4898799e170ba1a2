"""Yields the rows of uploaded files, which a process with limits reads (`file_reader`).

Neither the web process nor a worker opens an uploaded file. If the reader runs out of memory or
time, hangs or dies, the caller gets a Refusal with an error message.
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
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from codesign.shared.errors import Conflict, Invalid, Refusal, TooLarge
from modelhub.rules.import_choices import NO_OPTIONS, Options
from modelhub.rules.imports import MOST_BYTES, unpacked
from modelhub.rules.raw_rows import BadRow, Note, Unused
from modelhub.rules.row_reading import About

log = logging.getLogger(__name__)
Row = tuple[int, Any]
"""(line, row), (line, BadRow) for an invalid row, or (0, Note or Unused) about the file."""
BLOCK = 1 << 20
MOST_MESSAGE = 100_000_000
"""Bytes of one message of the reader."""
SECONDS = 900
"""Seconds of processor time for one file; 500 MB of text take 200 seconds."""
STUCK_AFTER = 60.0
"""The reader is stopped after this many seconds without a message."""
TURNS = threading.BoundedSemaphore(2)
"""Limits the readers of one process, since each may use half a gigabyte."""
TURN_AFTER = 20.0
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""Environment variables that the reader gets. It needs no passwords."""
FEW_THREADS = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
}


class NoPrompts(Invalid):
    """The file has no column with prompts, or a mapping names a column that it lacks."""

    def __init__(self, sentence: str, columns: list[str]) -> None:
        super().__init__(sentence)
        self.columns = columns


class Reading(Iterator[Row]):
    """The rows of one file.

    `total` is the number of rows, which may be an estimate. `about` is what is known of its format
    (see `row_reading.About`); its counts are complete after the last row.
    """

    def __init__(self, out: IO[bytes], name: str, stuck_after: float) -> None:
        self._messages = _messages(out, name, stuck_after)
        first = self._next()
        self.total = int(first["total"])
        self.about: About = first["about"]

    def __next__(self) -> Row:
        """Return the next row; raises Invalid or TooLarge if the rest cannot be read."""
        message = self._next()
        if isinstance(message, dict):
            if "note" in message:
                return 0, Note(message["note"])
            if "unused" in message:
                return 0, Unused(message["unused"])
            self.about = message["about"]
            raise StopIteration
        if len(message) == 2:
            return message[0], BadRow(message[1])
        return message[0], unpacked(message)

    def _next(self) -> Any:
        message = json.loads(next(self._messages))
        if isinstance(message, dict) and "refused" in message:
            if traceback := message.get("log"):
                log.warning("a file could not be read: %s", traceback)
            if "columns" in message:
                raise NoPrompts(message["refused"][1], message["columns"])
            raise _refusal(*message["refused"])
        return message


def _refusal(status: int, sentence: str, field: str) -> Refusal:
    if status == TooLarge.status:
        return TooLarge(sentence)
    return Invalid(sentence, {field: [sentence]} if field else None)


@contextmanager
def reading(
    *,
    path: Path,
    name: str = "",
    options: Options = NO_OPTIONS,
    most_text: int = MOST_BYTES,
    seconds: int = SECONDS,
    stuck_after: float = STUCK_AFTER,
) -> Iterator[Reading]:
    """Give each row of a file of any kind with its line number (from 1).

    `name` is the original name of the file, for error messages. `options` say which columns are
    used and what is done with turns and texts; raises NoPrompts if they do not fit. `most_text` is
    the limit of characters of all rows together. The reader process ends with this block.
    """
    if not TURNS.acquire(timeout=TURN_AFTER):
        raise Conflict(_("Other files are being read right now. Please try again in a minute."))
    try:
        job = {
            "path": str(path.absolute()),
            "name": name or path.name,
            "most_text": most_text,
            "seconds": seconds,
            "language": get_language() or settings.LANGUAGE_CODE,
            "options": options.plain(),
        }
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "modelhub.services.file_reader", json.dumps(job)],
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
    """Yield the reader's messages; raises Invalid if it ends early or stops responding."""
    waiting = select.poll()
    waiting.register(out, select.POLLIN)
    parts: list[bytes] = []
    held = 0
    while waiting.poll(stuck_after * 1000):
        block = os.read(out.fileno(), BLOCK)
        if not block:
            raise Invalid(
                _(
                    "%(name)s cannot be read: it is damaged, or needs too much memory or time. "
                    "Please split it, or save it as JSONL."
                )
                % {"name": name}
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
    raise Invalid(
        _("%(name)s cannot be read: it takes too long. Please split it.") % {"name": name}
    )
