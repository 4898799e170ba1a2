"""Reads Parquet row by row.

A tiny file may unpack to a huge one: dictionaries and run lengths pack a hundred million values
into a few hundred bytes. So the sizes in the footer are checked before anything is unpacked. The
footer may be wrong, so the reading process has limits too (`modelhub.services.file_reader`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BATCH = 500
"""Rows in memory at once."""
BATCH_BYTES = 16_000_000
"""Unpacked bytes of a batch according to the footer, so that batches of long rows are shorter."""
BUFFER = 1 << 20
"""Bytes of a column that are read ahead."""
MOST_FOOTER = 16_000_000
"""Bytes. Normal footers have a hundred bytes per column and row group."""
MOST_LEAVES = 5_000
"""Columns, including nested ones."""
MOST_DEPTH = 20
"""Levels of nested lists and objects."""
MOST_LIST = 1_000_000
"""Entries of one list in the footer, such as columns and row groups."""
MOST_GROUPS = 100_000
VALUES_A_ROW = 1_000
"""Average values of a column per row. A prompt has at most 200 turns and 50 responses."""
ENDS = b"PAR1"


class Unreadable(Exception):
    """The file is not Parquet, or is damaged."""


class TooMuch(Exception):
    """The file exceeds a limit. The message is a sentence without its subject, the file's name."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose footer was checked."""

    path: Path
    columns: Sequence[str]
    """The names of all columns."""
    row_count: int

    def rows(self, wanted: Collection[str] | None, *, most_bytes: int) -> Iterator[dict[str, Any]]:
        """Yield each row as plain Python values of these columns, or of all for None.

        Raises TooMuch if the columns unpack to more than `most_bytes` according to the footer.
        """
        names = list(dict.fromkeys(self.columns if wanted is None else wanted))
        with _opened(self.path) as file:
            about = file.metadata
            unpacked = _unpacked(about, names)
            if unpacked > most_bytes:
                raise TooMuch(f"unpacks to {unpacked:,} bytes; {most_bytes:,} is the most.")
            batch = BATCH_BYTES * max(1, about.num_rows) // max(1, unpacked)
            size = min(BATCH, max(1, batch))
            for part in file.iter_batches(size, columns=names, use_threads=False):
                if set(part.schema.names) != set(names):
                    raise Unreadable("two of its columns have the same name")
                yield from part.to_pylist()


def checked(path: Path, *, most_rows: int) -> Table:
    """Check the footer, without reading rows; raises TooMuch if it exceeds a limit."""
    _check_footer(path)
    with _opened(path) as file:
        about = file.metadata
        if about.num_rows > most_rows:
            raise TooMuch(f"has {about.num_rows:,} rows; {most_rows:,} is the most.")
        if about.num_columns > MOST_LEAVES or about.num_row_groups > MOST_GROUPS:
            raise TooMuch("has more columns or row groups than can be read.")
        return Table(path, list(file.schema_arrow.names), int(about.num_rows))


def _check_footer(path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        length, ends = int.from_bytes(file.read(4), "little"), file.read(4)
    if size < 12 or ends != ENDS or length > size:
        raise Unreadable("its end is missing or damaged")
    if length > MOST_FOOTER:
        raise TooMuch(f"has a footer of {length:,} bytes; {MOST_FOOTER:,} is the most.")


def _unpacked(about: Any, columns: Collection[str]) -> int:
    """Return the unpacked bytes of these columns according to the footer; raises TooMuch."""
    schema, unpacked = about.schema, 0
    leaves = [
        leaf
        for leaf in range(about.num_columns)
        if any(f"{schema.column(leaf).path}.".startswith(f"{name}.") for name in columns)
    ]
    for group in map(about.row_group, range(about.num_row_groups)):
        for chunk in map(group.column, leaves):
            unpacked += chunk.total_uncompressed_size
            if chunk.num_values > VALUES_A_ROW * max(1, group.num_rows):
                sentence = f"has {chunk.num_values:,} values in {group.num_rows:,} rows"
                raise TooMuch(f"{sentence} of {chunk.path_in_schema.partition('.')[0]}.")
    return unpacked


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(
            path,
            buffer_size=BUFFER,
            pre_buffer=False,
            thrift_string_size_limit=MOST_FOOTER,
            thrift_container_size_limit=MOST_LIST,
            schema_depth_limit=MOST_DEPTH,
            arrow_extensions_enabled=False,
        ) as file:
            yield file
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(str(error)) from error
