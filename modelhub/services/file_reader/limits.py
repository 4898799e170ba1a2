"""The limits of the reading process."""

from __future__ import annotations

import gc
import resource
import signal

MEMORY = 512_000_000
"""Memory limit of this process in bytes (RLIMIT_DATA). The largest files need under 350 MB."""


def limit_itself(*, seconds: int) -> None:
    """Let the system end this process if it uses too much, or if its output is closed."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()
