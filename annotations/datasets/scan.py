"""Has texts looked through for personal data, in a process of its own (standards 7.5).

What that needs in memory is given back before the files of a release are written.
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
"""Seconds without an answer after which it is stopped: it starts in a few, a text takes 0.01."""
ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "annotations.datasets.scanner")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ScanFailed(Exception):
    """It ended before every text was looked at, so that none may be taken for clear."""


def _nothing() -> None:
    """Nobody has to know that it goes on."""


def with_personal_data(
    texts: Iterable[str],
    *,
    helplines: Iterable[str],
    command: Sequence[str] = COMMAND,
    stuck_after: float = STUCK_AFTER,
    going_on: Callable[[], None] = _nothing,
) -> frozenset[str]:
    """Those of the texts that hold personal data.

    `going_on` is called at each answer; what it raises stops the process and the looking.
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
        answers = _asked(questions, command, stuck_after, going_on)
        if len(answers) != count:
            raise ScanFailed(f"{len(answers)} of {count} texts were looked at")
        questions.seek(0)
        next(questions)
        return frozenset(compress(map(json.loads, questions), answers))


def _asked(
    questions: IO[str], command: Sequence[str], stuck_after: float, going_on: Callable[[], None]
) -> bytes:
    """Everything that the process says before it ends or says nothing for too long."""
    reading, writing = os.pipe()
    found = bytearray()
    with open(reading, "rb", buffering=0) as answers:
        with open(writing, "wb", buffering=0) as out:
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
                found += block
                going_on()
        finally:
            process.kill()
            process.wait()
    return bytes(found)
