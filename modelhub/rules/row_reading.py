"""Reads the raw rows of a file or of a request: finds the format, checks rows, notices texts.

The process that reads files and imports within a request read rows in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from modelhub.rules.import_choices import Options
from modelhub.rules.imports import BadRow, ImportRow, import_row
from modelhub.rules.mapping import Prepared
from modelhub.rules.shapes.base import Raw
from modelhub.rules.text_notices import noticed

About = dict[str, Any]
"""What is known of a file's format: `shape` (key), `columns`, `mapping`, `made` (rows with our
columns), `counts` (of turns and texts by kind) and `unused` (columns)."""


class ReadRows(Iterator[tuple[int, ImportRow | BadRow]]):
    """The checked rows of a file, each with its line; raises NoPrompt if it has no prompts."""

    def __init__(
        self, rows: Iterable[Raw], *, columns: Sequence[str] = (), options: Options | None = None
    ) -> None:
        """`columns` are the columns of a table; otherwise the first rows tell them."""
        self._prepared = Prepared(rows, columns=columns, options=options or Options())
        self._work = self._prepared.work

    def __next__(self) -> tuple[int, ImportRow | BadRow]:
        """Return the next row, or what is wrong with it."""
        line, raw = next(self._prepared)
        if isinstance(raw, BadRow):
            return line, raw
        try:
            return line, noticed(import_row(raw, line=line), self._work.choices, self._work.counts)
        except BadRow as problem:
            return line, problem

    @property
    def about(self) -> About:
        """What is known of the format so far. Its counts are complete after the last row."""
        return {
            "shape": self._prepared.shape.key,
            "columns": self._prepared.columns,
            "mapping": self._prepared.mapping,
            "made": self._prepared.made,
            "counts": dict(self._work.counts),
            "unused": self._prepared.unused,
        }
