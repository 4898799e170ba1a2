"""Child processes that end with their parent."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""prctl(2) option: the signal that the kernel sends to a process when its parent ends."""


def die_with_parent(death_signal: signal.Signals, *, niceness: int = 0) -> Callable[[], None]:
    """Return a `preexec_fn` that makes the kernel send `death_signal` when the parent ends.

    Works even if the parent is killed with SIGKILL. The kernel treats the *thread* that forked as
    the parent, so spawn from the main thread. Outside Linux the function only sets the niceness;
    the supervisor uses a guardian process there.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare_child() -> None:
        if niceness:
            os.nice(niceness)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # the parent ended before the line above
                os._exit(1)

    return prepare_child


def end_with_parent(death_signal: signal.Signals) -> None:
    """Make the kernel send this process `death_signal` when its parent ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def machine_memory_mb(*, root: Path = Path("/")) -> int:
    """Return the megabytes of memory available here: the machine's, or the container's if less.

    A container's limit is in the files of its control group (version 2 or 1), or of a parent group.
    Swap is not counted. `root` is the folder that contains `proc` and `sys`.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    groups = root / "sys/fs/cgroup"
    mine = Path("/")
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::/"):
                mine = Path(line.removeprefix("0::"))
    files = [groups / str(one).lstrip("/") / "memory.max" for one in (mine, *mine.parents)]
    for file in (*files, groups / "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # "max" means no limit
            limits.append(int(file.read_text()))
    return min(limits) >> 20
