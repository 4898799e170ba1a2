"""Progress, speed and remaining time on one line of a terminal."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """Counts bytes. Updates a terminal at most four times a second; logs every tenth part."""

    def __init__(self, what: str, *, total: int, out: TextIO) -> None:
        """`what` names the work; `total` is its size in bytes."""
        self._what, self._total, self._out = what, max(total, 1), out
        self._done = 0
        self._began = self._shown = time.monotonic()
        self._tenth = 0

    def __call__(self, size: int) -> None:
        """Add `size` bytes."""
        self._done = min(self._done + size, self._total)
        now = time.monotonic()
        if self._out.isatty():
            if now - self._shown >= 0.25:
                self._shown = now
                self._out.write(f"\r{self.line(now)}   ")
                self._out.flush()
        elif (tenth := 10 * self._done // self._total) > self._tenth:
            self._tenth = tenth
            self._out.write(f"{self.line(now)}\n")

    def line(self, now: float) -> str:
        """Return the line: per cent, MB per second, time left."""
        spent = max(now - self._began, 1e-6)
        rate = self._done / spent
        left = (self._total - self._done) / rate if rate else 0.0
        return (
            f"{self._what}: {100 * self._done // self._total} %, "
            f"{rate / 1e6:.1f} MB/s, {int(left // 60)}:{int(left % 60):02} left"
        )

    def finish(self) -> None:
        """Show that the work is complete."""
        self(self._total - self._done)
        if self._out.isatty():
            self._out.write(f"\r{self.line(time.monotonic())}   \n")
