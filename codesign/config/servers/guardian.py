"""Ends the supervisor's children where the kernel cannot (macOS has no parent-death signal).

A guardian is a small process that reads a pipe, whose writing end only the supervisor holds. Lines
on the pipe name the running processes. The end of the pipe means that the supervisor has ended,
even by SIGKILL; then the guardian stops everything that still runs.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import IO


class Guardian:
    """The supervisor's side of the pipe."""

    def __init__(self, *, grace: float = 10.0) -> None:
        """Start the guardian process in its own session, so that Ctrl-C does not reach it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "codesign.config.servers.guardian", str(grace)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def watch(self, pid: int, death_signal: signal.Signals) -> None:
        """Stop this process when the supervisor ends."""
        self._tell(f"watch {pid} {death_signal.value}\n")

    def forget(self, pid: int) -> None:
        """Forget a process that has ended, because its id may be reused."""
        self._tell(f"forget {pid} 0\n")

    def dismiss(self) -> None:
        """End the guardian, which stops what it still watches."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        with contextlib.suppress(BrokenPipeError):
            pipe.write(line.encode())
            pipe.flush()


def guard(pipe: IO[str], *, grace: float) -> None:
    """Read until the pipe ends, then stop the watched processes; kill after `grace` seconds."""
    watched: dict[int, int] = {}
    for line in pipe:
        verb, *numbers = line.split()
        pid, death_signal = map(int, numbers)
        if verb == "watch":
            watched[pid] = death_signal
        else:
            watched.pop(pid, None)
    for pid, number in watched.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + grace
    while watched and time.monotonic() < deadline:
        watched = {pid: number for pid, number in watched.items() if _lives(pid)}
        time.sleep(0.05)
    for pid in watched:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    guard(sys.stdin, grace=float(sys.argv[1]))
