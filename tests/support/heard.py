"""The log as an installation writes it, at the most talkative level."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from codesign.shared.logs import JsonLines, PlainLines


class Heard:
    """Collects every log line as an installation writes it."""

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
def listening() -> Iterator[Heard]:
    """Listen at the root."""
    root = logging.getLogger()
    handlers = {"json": logging.StreamHandler(io.StringIO())}
    handlers["plain"] = logging.StreamHandler(io.StringIO())
    handlers["json"].setFormatter(JsonLines())
    handlers["plain"].setFormatter(PlainLines())
    level = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers.values():
        root.addHandler(handler)
    yield Heard(handlers)
    root.setLevel(level)
    for handler in handlers.values():
        root.removeHandler(handler)
