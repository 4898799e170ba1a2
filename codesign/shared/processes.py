"""Child processes that end with the process that started them."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
"""prctl(2) option: the signal that the kernel sends to a process when its parent ends."""


def die_with_parent(death_signal: signal.Signals, *, niceness: int = 0) -> Callable[[], None]:
    """Return a `preexec_fn` after which the kernel sends `death_signal` when the parent ends.

    It holds for `kill -9` of the parent too. The kernel counts the *thread* that forked as the
    parent, so spawn from the main thread. Outside Linux there is no such promise and the function
    only sets the niceness; the supervisor uses a guardian process there.
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
    """Have the kernel send this process `death_signal` when its parent ends (Linux alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
