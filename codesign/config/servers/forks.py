"""Child processes made by fork alone: they start immediately and share what the parent has loaded.

Only for the supervisor, which has one thread and holds nothing that processes must not share.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from setproctitle import setproctitle

from codesign.shared.processes import die_with_parent


class Plan(Protocol):
    """The parts of a `Spec` that a fork needs."""

    @property
    def command(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def log(self) -> Path: ...  # noqa: D102
    @property
    def death_signal(self) -> signal.Signals: ...  # noqa: D102
    @property
    def environment(self) -> Mapping[str, str] | None: ...  # noqa: D102
    @property
    def niceness(self) -> int: ...  # noqa: D102


class Fork:
    """A forked process with the interface of `subprocess.Popen`."""

    def __init__(self, plan: Plan, inside: Callable[[], object]) -> None:
        """Start the process; append its output to the log."""
        prepare = die_with_parent(plan.death_signal, niceness=plan.niceness)
        sys.stdout.flush()
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _become(plan, inside, prepare)

    def poll(self) -> int | None:
        """Return the exit code (negative for a signal), or None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of a process that was killed, so only the kernel is waited for."""
        code = self._reap(0)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _reap(self, options: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def _become(plan: Plan, inside: Callable[[], object], prepare: Callable[[], None]) -> NoReturn:
    """In the child: drop everything of the parent except loaded modules, then run `inside`."""
    code = 1
    try:
        os.setsid()
        _reset_signals()
        prepare()
        log = os.open(plan.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for old, new in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(old, new)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        os.environ.update(plan.environment or {})
        setproctitle(" ".join(plan.command))
        sys.argv = list(plan.command)[2:]
        code = _code_of(inside)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _reset_signals() -> None:
    """Restore the default signal handlers, which the supervisor has replaced."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _code_of(inside: Callable[[], object]) -> int:
    """Run it, flush the output, and return the exit code as the interpreter would."""
    try:
        inside()
        return 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
            return 1
        return ended.code or 0
    except KeyboardInterrupt:
        return 130
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
