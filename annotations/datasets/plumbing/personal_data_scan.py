"""Looks for personal data in texts, in a process of its own (standards 7.5).

The memory that the patterns need is free again before the files of a release are written.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import IO

from codesign.shared.processes import die_with_parent

STUCK_AFTER = 120.0
"""Seconds without an answer until the scan fails; it starts in a few, and a text takes 0.01."""
ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "annotations.datasets.plumbing.personal_data_scanner")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ScanFailed(Exception):
    """The scan ended before it had looked at every text, so no text may be taken as clear."""


def _no_progress() -> None:
    """No-op callback."""


def with_personal_data(
    texts: Iterable[str],
    *,
    helplines: Iterable[str],
    command: Sequence[str] = COMMAND,
    stuck_after: float = STUCK_AFTER,
    on_progress: Callable[[], None] = _no_progress,
) -> frozenset[str]:
    """Return those of the texts that contain personal data.

    `on_progress` is called while answers come; an exception that it raises stops the scan. Raises
    ScanFailed if the process ends too early or gives no answer for `stuck_after` seconds.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as questions:
        count = 0
        questions.write(json.dumps(sorted(helplines)) + "\n")
        for text in texts:
            questions.write(json.dumps(text) + "\n")
            count += 1
        if not count:
            return frozenset()
        questions.seek(0)
        answers = _answers(questions, command, stuck_after, on_progress)
        if len(answers) != count:
            raise ScanFailed(f"{len(answers)} of {count} texts were scanned")
        questions.seek(0)
        next(questions)
        return frozenset(compress(map(json.loads, questions), answers))


def _answers(
    questions: IO[str], command: Sequence[str], stuck_after: float, on_progress: Callable[[], None]
) -> bytes:
    """Everything that the process writes until it ends or writes nothing for too long."""
    read_end, write_end = os.pipe()
    received = bytearray()
    with open(read_end, "rb", buffering=0) as answers:
        with open(write_end, "wb", buffering=0) as out:
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                stdin=questions,
                stdout=out,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        try:
            while select.select([answers], [], [], stuck_after)[0]:
                block = answers.read(4096)
                if not block:
                    break
                received += block
                on_progress()
        finally:
            process.kill()
            process.wait()
    return bytes(received)
