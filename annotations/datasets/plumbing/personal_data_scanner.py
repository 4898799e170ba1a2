"""The process that looks for personal data; `personal_data_scan` starts it.

It reads a line of JSON with the numbers of helplines, then a line with each text, and writes a byte
for each text in that order. It ends with its input.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from types import TracebackType

CLEAR, FOUND = b"\0", b"\1"
BLOCKED_MODULES = ("torch", "transformers")
"""Presidio and its tokeniser load these if they are installed: 330 MB that patterns do not need."""
MAX_ADDRESS_SPACE = 2 * 2**30
"""Bytes; the process uses 120 MB of memory."""


def main() -> None:
    """Answer every text."""
    sys.excepthook = _log_place_only
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    for name in BLOCKED_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it raises ImportError
    from annotations.datasets.policy.personal_data import personal_data_in

    helplines = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        kinds = personal_data_in(json.loads(line), helplines=helplines)
        os.write(sys.stdout.fileno(), FOUND if kinds else CLEAR)


def _log_place_only(kind: type[BaseException], _: BaseException, tb: TracebackType | None) -> None:
    """Log the kind and place of an error but not its message, which may quote somebody's text."""
    traceback.print_tb(tb)
    sys.stderr.write(f"{kind.__name__}\n")


if __name__ == "__main__":
    main()
