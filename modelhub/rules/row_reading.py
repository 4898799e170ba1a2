"""Reads the raw rows of a file or of a request: finds the format, checks rows, notices texts.

The process that reads files and imports within a request read rows in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from annotations.rules.imported import ImportedKind
from modelhub.rules.import_choices import NO_OPTIONS, Options
from modelhub.rules.imports import RANKED, import_row
from modelhub.rules.intensities import Intensities
from modelhub.rules.mapping import Prepared
from modelhub.rules.marks import MARKED, SCORED
from modelhub.rules.raw_rows import UNEXPECTED, BadRow, Note, RawRows, Unused, not_understood
from modelhub.rules.text_notices import noticed

About = dict[str, Any]
"""What is known of a file's format: `shape` (key), `columns`, `mapping`, `made` (rows with our
columns), `counts` (of turns and texts by kind) and `chosen` (what is done with them)."""


class ReadRows(Iterator[tuple[int, Any]]):
    """The checked rows of a file, each with its line, and Notes and Unused columns.

    Raises BadRow if the columns cannot be used, NoPrompt if there are no prompts.
    """

    def __init__(self, source: RawRows, options: Options) -> None:
        self._prepared = Prepared(source, options)
        self._chosen = dict(options.chosen)
        self._work = self._prepared.work
        self._intensities = Intensities(self._work.counts)

    def __next__(self) -> tuple[int, Any]:
        """Return the next row, its error, or a note about the file."""
        line, raw = next(self._prepared)
        if isinstance(raw, BadRow | Note | Unused):
            return line, raw
        try:
            row = noticed(import_row(raw, line=line), self._work.choices, self._work.counts)
            row = self._intensities.chosen(row)
        except BadRow as problem:
            return line, problem
        except UNEXPECTED as error:
            return line, not_understood(error)
        for response in row.responses:
            if response.rank or any(mark.kind == ImportedKind.RANK for mark in response.marks):
                self._work.counts[RANKED] += 1
            for mark in response.marks:
                if mark.kind != ImportedKind.RANK:
                    kind = MARKED if mark.kind == ImportedKind.SPAN else SCORED
                    self._work.counts[kind] += 1
        return line, row

    @property
    def about(self) -> About:
        """What is known of the format so far. Its counts are complete after the last row."""
        return {
            "shape": self._prepared.shape.key,
            "columns": self._prepared.columns,
            "mapping": self._prepared.mapping,
            "made": self._prepared.made,
            "counts": dict(self._work.counts),
            "chosen": self._chosen,
        }


def rows_of(values: Sequence[Any], options: Options = NO_OPTIONS) -> ReadRows:
    """Return rows that a program sent as values, read like those of a file; raises BadRow."""
    return ReadRows(RawRows(None, len(values), lambda _wanted: enumerate(values, 1)), options)
