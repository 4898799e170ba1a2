"""A child process in its own session, with a log file, that ends with its parent."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codesign.config.servers.errors import ServerError
from codesign.config.servers.forks import Fork
from codesign.config.servers.guardian import Guardian
from codesign.shared.processes import die_with_parent


@dataclass(frozen=True)
class Spec:
    """What to start, and how to stop it.

    With `inside`, a fork of this process runs that function under the command's name and shares
    what this process has loaded. `death_signal` is sent when the parent ends. `stop_signals` are
    pairs of a signal and the seconds to wait before the next one; after the last, the process group
    is killed.
    """

    name: str
    command: Sequence[str]
    log: Path
    death_signal: signal.Signals = signal.SIGTERM
    stop_signals: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 5.0),)
    environment: Mapping[str, str] | None = None
    niceness: int = 0
    user: str | None = None
    keep_open: Sequence[int] = field(default=())
    cwd: Path | None = None
    inside: Callable[[], object] | None = None


class Child:
    """A running child process."""

    def __init__(self, spec: Spec, guardian: Guardian | None = None) -> None:
        """Start the process; append its output to the log."""
        self.spec = spec
        self.started = time.monotonic()
        self._guardian = guardian
        self._process: subprocess.Popen[bytes] | Fork = (
            self._execute() if spec.inside is None else Fork(spec, spec.inside)
        )
        if guardian is not None:
            guardian.watch(self.pid, spec.death_signal)

    def _execute(self) -> "subprocess.Popen[bytes]":
        spec = self.spec
        with open(spec.log, "ab") as log:
            return subprocess.Popen(
                spec.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=spec.environment,
                cwd=spec.cwd,
                user=spec.user,
                pass_fds=spec.keep_open,
                start_new_session=True,
                preexec_fn=die_with_parent(spec.death_signal, niceness=spec.niceness),
            )

    @property
    def pid(self) -> int:
        """Return the process id, which is also the id of its process group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return the exit code (negative for a signal), or None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, unless it has ended."""
        self._process.send_signal(number)

    def clear_away(self) -> None:
        """Kill what is left of its process group, and forget it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        if self._guardian is not None:
            self._guardian.forget(self.pid)


class Program:
    """Something that the supervisor keeps running. Subclasses define how it starts."""

    name: str
    child: Child | None = None

    def start(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Start it and set `child`. Wait until it answers if others depend on it."""
        raise NotImplementedError

    def stop(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Stop it with the signals of its Spec."""
        if self.child is not None:
            stop([self.child], pause=pause)


def stop(children: Sequence[Child], *, pause: Callable[[float], None] = time.sleep) -> None:
    """Stop these processes together, each by its own signals. None is left afterwards."""
    steps = max((len(child.spec.stop_signals) for child in children), default=0)
    for step in range(steps):
        waits = {}
        for child in children:
            if step < len(child.spec.stop_signals) and child.exit_code() is None:
                number, seconds = child.spec.stop_signals[step]
                child.signal(number)
                waits[child] = time.monotonic() + seconds
        while any(
            child.exit_code() is None and time.monotonic() < end for child, end in waits.items()
        ):
            pause(0.02)
    for child in children:
        child.clear_away()


def wait_until(
    answers: Callable[[], bool],
    child: Child,
    *,
    seconds: float,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until `answers()`. Raises ServerError if the child ends or does not answer in time."""
    deadline = time.monotonic() + seconds
    while not answers():
        if child.exit_code() is not None or time.monotonic() > deadline:
            name, log = child.spec.name, child.spec.log
            raise ServerError(f"{name} did not start. The last lines of {log}:\n{tail(log)}")
        pause(0.02)


def tail(log: Path, lines: int = 8) -> str:
    """Return the last lines of a log, for error messages."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
