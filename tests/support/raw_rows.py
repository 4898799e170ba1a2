"""Raw rows of files, prepared as the reader prepares them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modelhub.rules.import_choices import NO_OPTIONS, Options
from modelhub.rules.mapping import Prepared
from modelhub.rules.raw_rows import RawRows, Unused


class PreparedRows:
    """The prepared rows with their lines, and the names of the columns that are not used."""

    def __init__(self, source: RawRows, options: Options) -> None:
        self.prepared = Prepared(source, options)
        prepared = list(self.prepared)
        self.rows = [(line, row) for line, row in prepared if not isinstance(row, Unused)]
        self.unused = [str(row) for _line, row in prepared if isinstance(row, Unused)]
        self.shape, self.counts = self.prepared.shape.key, self.prepared.work.counts


def prepared(rows: Iterable[tuple[int, Any]], options: Options = NO_OPTIONS) -> PreparedRows:
    """Prepare rows that name their own columns, such as those of JSON."""
    listed = list(rows)
    return PreparedRows(RawRows(None, len(listed), lambda _wanted: iter(listed)), options)
