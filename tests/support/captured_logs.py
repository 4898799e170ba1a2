"""The logs as an installation writes them, from level DEBUG up."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from codesign.shared.logs import JsonLines, PlainLines


class LogCapture:
    """The captured lines, in both formats that an installation can write."""

    def __init__(self, handlers: dict[str, logging.StreamHandler[io.StringIO]]) -> None:
        self._handlers = handlers

    def text(self) -> str:
        return "".join(handler.stream.getvalue() for handler in self._handlers.values())

    def entries(self) -> list[dict[str, Any]]:
        lines = self._handlers["json"].stream.getvalue().splitlines()
        return [json.loads(line) for line in lines]

    def answered(self, route: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries() if entry.get("route") == route]


@contextmanager
def captured_logs() -> Iterator[LogCapture]:
    """Capture what reaches the root logger."""
    root = logging.getLogger()
    handlers = {"json": logging.StreamHandler(io.StringIO())}
    handlers["plain"] = logging.StreamHandler(io.StringIO())
    handlers["json"].setFormatter(JsonLines())
    handlers["plain"].setFormatter(PlainLines())
    level = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers.values():
        root.addHandler(handler)
    try:
        yield LogCapture(handlers)
    finally:
        root.setLevel(level)
        for handler in handlers.values():
            root.removeHandler(handler)
