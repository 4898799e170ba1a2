"""Raw rows of files, prepared as the reader prepares them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modelhub.rules.import_choices import NO_OPTIONS, Options
from modelhub.rules.mapping import Prepared
from modelhub.rules.raw_rows import RawRows, Unused


class Told:
    """What comes of raw rows: rows of ours by line, and the names of columns that are not used."""

    def __init__(self, source: RawRows, options: Options) -> None:
        self.prepared = Prepared(source, options)
        found = list(self.prepared)
        self.rows = [(line, row) for line, row in found if not isinstance(row, Unused)]
        self.unused = [str(row) for _line, row in found if isinstance(row, Unused)]
        self.shape, self.counts = self.prepared.shape.key, self.prepared.work.counts


def prepared(rows: Iterable[tuple[int, Any]], options: Options = NO_OPTIONS) -> Told:
    """Prepare rows that name their own columns, such as those of JSON."""
    listed = list(rows)
    return Told(RawRows(None, len(listed), lambda _wanted: iter(listed)), options)
