"""Ends the supervisor's children where the kernel does not do it (macOS has no death signal).

A guardian is a small process that reads a pipe whose writing end only the supervisor holds. Its
lines name what runs; its end means that the supervisor is gone, `kill -9` included, and then
everything that still runs is stopped.
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
        """Start the guardian process in a session of its own, out of reach of Ctrl-C."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "codesign.config.servers.guardian", str(grace)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def watch(self, pid: int, death_signal: signal.Signals) -> None:
        """Have this process stopped when the supervisor ends."""
        self._tell(f"watch {pid} {death_signal.value}\n")

    def forget(self, pid: int) -> None:
        """This process has ended; its id may soon belong to another."""
        self._tell(f"forget {pid} 0\n")

    def dismiss(self) -> None:
        """End the guardian; what it still watches is stopped."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        with contextlib.suppress(BrokenPipeError):
            pipe.write(line.encode())
            pipe.flush()


def guard(pipe: IO[str], *, grace: float) -> None:
    """Read until the pipe ends, then stop what is watched; after `grace` seconds, kill it."""
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
