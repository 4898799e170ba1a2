"""The process that looks for personal data: `python -m annotations.datasets.scanner`.

In: a line of JSON with the numbers of helplines, then one with a text each. Out: a byte for each
text, in their order. It ends with its input.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from types import TracebackType

CLEAN, FOUND = b"\0", b"\1"
NOT_NEEDED = ("torch", "transformers")
"""What presidio and its tokeniser load where it is there, 330 MB, and patterns have no use for."""
MOST_MEMORY = 2 * 2**30
"""Bytes of address space; it needs 120 MB of memory."""


def main() -> None:
    """Answer every text."""
    sys.excepthook = _say_where
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    for name in NOT_NEEDED:
        sys.modules[name] = None  # type: ignore[assignment]  # to import it fails, as if not there
    from annotations.datasets.personal_data import found_in

    helplines = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        found = found_in(json.loads(line), helplines=helplines)
        os.write(sys.stdout.fileno(), FOUND if found else CLEAN)


def _say_where(kind: type[BaseException], _: BaseException, tb: TracebackType | None) -> None:
    """For the log: the error's kind and place, but not its words, which may be somebody's."""
    traceback.print_tb(tb)
    sys.stderr.write(f"{kind.__name__}\n")


if __name__ == "__main__":
    main()
